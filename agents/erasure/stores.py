"""Places outside Kafka: the view in Redis, workers' HTTP addresses, and RocksDB on this machine."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from redis import Redis, RedisError

from agents.changelog import customer_key
from agents.erasure.place import Place
from agents.view.keys import Address, Keys

if TYPE_CHECKING:
    from agents.settings import Settings

_TIMEOUT_SECONDS: Final = 10.0
_SCAN: Final = 1_000
_ANSWERS: Final = {
    401: "it wants a token: ENGAGE_HTTP_TOKEN",
    403: "it shows customers to its own machine only, or with a token",
    421: "this customer is on another worker of the group: name that one too",
    503: "it is recovering this customer: ask again soon",
}


def in_redis(address: Address | None, prefix: str, customer_id: str) -> Iterator[Place]:
    """Every key under the prefix that ends in the customer's id, and the list by score.

    Raises:
        ConnectionError: Redis does not answer as it should.
    """
    if address is None:
        yield Place("Redis", "not_looked", "no address: --redis, or ENGAGE_REDIS_URL")
        return
    keys = Keys(prefix)
    try:
        with Redis.from_url(address.url, **address.options()) as client:
            known = [keys.customer(customer_id), keys.triggers(customer_id)]
            pattern = "".join(f"\\{sign}" if sign in "*?[]\\^-" else sign for sign in f":{customer_id}")
            ends = (key.decode(errors="replace") for key in client.scan_iter(f"{prefix}:*{pattern}", count=_SCAN))
            own = {key for key in known if client.exists(key)}
            own |= {key for key in ends if _of_customer(key, prefix, customer_id)}
            scored: Any = client.zscore(keys.by_score, customer_id)
    except (RedisError, OSError) as error:
        message = f"Redis: {error}"
        raise ConnectionError(message) from error
    names = [*sorted(own), *([keys.by_score] if scored is not None else [])]
    for name in names:
        yield Place("Redis", "left", name, "the worker writes the erasure, or engage view rebuild")
    if not names:
        yield Place("Redis", "nothing", f"no key under {prefix}: and no entry in {keys.by_score}")


def _of_customer(key: str, prefix: str, customer_id: str) -> bool:
    """Whether a key is one kind of key and then the id: not a longer id, and not the number of a partition."""
    kind = key.removeprefix(f"{prefix}:").removesuffix(f":{customer_id}")
    return ":" not in kind and kind not in {"lane", "writer"}


def in_worker(url: str, customer_id: str, token: str | None) -> Place:
    """What a running worker holds in its memory. Raises ConnectionError, ValueError."""
    if not url.startswith(("http://", "https://")):
        message = f"{url}: expected the address of a worker such as http://localhost:8080"
        raise ValueError(message)
    request = urllib.request.Request(f"{url.rstrip('/')}/customers/{urllib.parse.quote(customer_id, safe='')}")  # noqa: S310
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    name = f"worker {url}"
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):  # noqa: S310
            return Place(name, "left", "it knows this customer", "it is erased")
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return Place(name, "nothing", "it does not know this customer")
        return Place(name, "not_looked", _ANSWERS.get(error.code, f"it answers HTTP {error.code}"))
    except OSError as error:
        message = f"{url}: no answer from a worker: {getattr(error, 'reason', error)}"
        raise ConnectionError(message) from error


def in_rocksdb(settings: Settings, customer_id: str) -> Iterator[Place]:
    """The stores of this machine, opened for reading only, also while a worker has them."""
    folders = sorted((settings.data_dir / settings.application_id).glob("customers-*.rocksdb"))
    if not folders:
        yield Place("RocksDB", "not_looked", f"no store in {settings.data_dir} on this machine: --data-dir")
    for folder in folders:
        yield _in_store(folder, customer_id)


def _in_store(folder: Path, customer_id: str) -> Place:
    try:
        import rocksdict
    except ImportError:
        return Place(f"RocksDB {folder.name}", "not_looked", "rocksdict is not installed (the extra rocksdb)")
    try:
        database = rocksdict.Rdict(
            str(folder), rocksdict.Options(raw_mode=True), access_type=rocksdict.AccessType.read_only()
        )
    except Exception as error:
        return Place(f"RocksDB {folder.name}", "not_looked", f"it cannot be opened: {error}")
    try:
        held = database.get(customer_key(customer_id))
    finally:
        database.close()
    if held is not None:
        return Place(f"RocksDB {folder.name}", "left", f"{len(held)} bytes of state", "its worker reads the changelog")
    return Place(f"RocksDB {folder.name}", "nothing", "no state; deleted bytes go with RocksDB's own compaction")
