"""The keys of the view, and how a client connects. What each key holds is for other services to rely on.

    <prefix>:customer:<id>   string   JSON: the customer's line of ``customers.jsonl`` and what ``record.py`` adds
    <prefix>:triggers:<id>   zset     the latest triggers, CloudEvents as on the topic, scored by ``at`` (unix ms)
    <prefix>:by-score        zset     customer ids, scored by score
    <prefix>:lane:<n>        hash     who writes the customers of this partition, and how far the view is: the engine's
    <prefix>:writer:<n>      string   is there while a worker keeps the customers of this partition: the engine's

All keys of a customer change together (MULTI). The prefix is the setting ``view_prefix``, or the application id.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from redis.connection import parse_url

if TYPE_CHECKING:
    from agents.settings import Settings

WRITER_SECONDS: Final = 15
"""A worker that has not renewed its ``writer`` key for so long is not there."""
_TIMEOUT_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Keys:
    """The names of all keys under one prefix."""

    prefix: str

    def customer(self, customer_id: str) -> str:
        """What is known of a customer."""
        return f"{self.prefix}:customer:{customer_id}"

    def triggers(self, customer_id: str) -> str:
        """The customer's latest triggers."""
        return f"{self.prefix}:triggers:{customer_id}"

    @property
    def by_score(self) -> str:
        """All customers of the view by score."""
        return f"{self.prefix}:by-score"

    def lane(self, partition: int) -> str:
        """The claim of whoever writes the customers of a partition."""
        return f"{self.prefix}:lane:{partition}"

    def writer(self, partition: int) -> str:
        """The sign of life of a worker that writes them."""
        return f"{self.prefix}:writer:{partition}"


class Claim(NamedTuple):
    """What ``lane:<n>`` holds.

    ``fence`` is the changelog offset at which the owner took the lane over: a later owner has a higher one. ``writes``
    counts the transactions of this owner: another number than it remembers means that Redis lost some. ``position`` is
    the changelog offset up to which the view is complete, None while it is being made; ``now`` is the lane's time then
    and ``at`` the wall clock (unix ms).
    """

    owner: str
    fence: int
    writes: int
    position: int | None
    now: int
    at: int
    made_by: str

    def fields(self) -> dict[str, str]:
        """The hash's fields; an unknown position is empty."""
        return {name: "" if value is None else str(value) for name, value in self._asdict().items()}


def parse_claim(fields: dict[bytes, bytes]) -> Claim | None:
    """The claim of a hash; None when there is none that can be read."""
    try:
        found = {name.decode(): value.decode() for name, value in fields.items()}
        position = found["position"]
        return Claim(
            found["owner"],
            int(found["fence"]),
            int(found["writes"]),
            int(position) if position else None,
            int(found["now"]),
            int(found["at"]),
            found["made_by"],
        )
    except (KeyError, ValueError):
        return None


def new_owner() -> str:
    """A name that no other owner of a lane has."""
    return secrets.token_hex(8)


@dataclass(frozen=True)
class Address:
    """Where Redis is. The URL may hold a password: it is not shown by ``repr``."""

    url: str = field(repr=False)
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None

    def options(self) -> dict[str, Any]:
        """Arguments of ``from_url``, for the client with and the one without asyncio."""
        found: dict[str, Any] = {"socket_timeout": _TIMEOUT_SECONDS, "socket_connect_timeout": _TIMEOUT_SECONDS}
        if self.password:
            found["password"] = self.password
        if self.url.startswith("rediss:"):
            files = {"ssl_ca_certs": self.ca_file, "ssl_certfile": self.cert_file, "ssl_keyfile": self.key_file}
            found |= {name: path for name, path in files.items() if path}
        return found


def address_of(settings: Settings) -> Address | None:
    """Where the settings say Redis is; None when there is to be no view.

    Raises:
        ValueError: the URL cannot be one of a Redis; it is not repeated, for it may hold a password.

    """
    url = settings.redis_url.get_secret_value() if settings.redis_url else ""
    if not url:
        return None
    try:
        parse_url(url)  # type: ignore[no-untyped-call]
    except (ValueError, TypeError):
        message = "redis_url: expected redis://HOST:PORT/DB or rediss://..., special characters of a password as %XX"
        raise ValueError(message) from None
    password = settings.redis_password.get_secret_value() if settings.redis_password else None
    files = (settings.redis_ca_file, settings.redis_cert_file, settings.redis_key_file)
    return Address(url, password, *(str(path) if path else None for path in files))
