"""What the demo streams in: real events in the order they happened, and a few bad ones between them."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import orjson

from agents.adapters import Record, read
from agents.samples import ACCESS_LOG
from agents.simulate.settings import Settings
from agents.simulate.stream import events
from schemas.times import parse_instant

SHARED_DATA = Path("..", "shared", "data")
_ACCESS_LOG = Path("elastic_apache_logs", "apache_logs.gz")
_SIMULATED_START = parse_instant("2015-04-20T00:00:00Z")
_HELPDESK = Path("helpdesk_italian", "helpdesk.csv.gz")


class Message(NamedTuple):
    """One record for an input topic."""

    topic: str
    key: bytes | None
    value: bytes


class Story(msgspec.Struct, frozen=True):
    """The messages in order, when each is due (0 to 1 of the whole time), and a line for each source."""

    sources: tuple[str, ...]
    messages: tuple[Message, ...]
    due: tuple[float, ...]


BAD = (
    Message("clickstream", b"demo-bad", b'{"event_id": "bad-1", "customer_id": "demo-bad", oops'),
    Message("email", b"demo-bad", b'{"event_id":"bad-2","customer_id":"demo-bad","type":"opened"}'),
    Message(
        "purchases", b"demo-bad",
        b'{"event_id":"bad-3","customer_id":"demo-bad","occurred_at":"2012-01-01T00:00:00Z","type":"gifted"}',
    ),
    Message(
        "surveys", b"demo-bad",
        b'{"event_id":"bad-4","customer_id":"demo-bad","occurred_at":"2012-01-01T00:00:00Z","type":"csat","score":9}',
    ),
    Message(
        "profiles", b"someone-else",
        b'{"event_id":"bad-5","customer_id":"demo-bad","occurred_at":"2012-01-01T00:00:00Z","type":"updated",'
        b'"attributes":{}}',
    ),
)  # fmt: skip
"""Not JSON, no time, an unknown type, a score out of range, a key that is not the customer's: five dead letters."""


def tell(data: Path | None = None) -> Story:
    """The story: real logs under ``data`` where they are, else the sample that comes with the product.

    Every source takes its equal share of the time.

    Raises:
        SourceError: a log is there and cannot be read.
    """
    folder = data or SHARED_DATA
    streams: dict[str, list[Record]] = {}
    if (folder / _HELPDESK).is_file():
        streams["events of a software company's help desk, four years (real)"] = _records(
            "helpdesk", folder / _HELPDESK
        )
    streams["tickets, mails, orders and visits of a shop, a month (simulated, one in a thousand bad)"] = _simulated()
    access_log = folder / _ACCESS_LOG
    requests = _records("access-log", access_log if access_log.is_file() else ACCESS_LOG)
    streams["requests from the access log of a web site, four days (real)"] = requests
    sources = [f"{len(stream):,} {what}" for what, stream in streams.items()]
    sources.append(f"{len(BAD)} more bad records between them, to see what becomes of such")
    messages = tuple(_with_bad([_message(row) for row in _merged(streams.values())]))
    return Story(tuple(sources), messages, tuple(_due(messages)))


def _message(row: Record) -> Message:
    return Message(row.topic, row.customer_id.encode() if row.customer_id else None, row.value)


def _due(messages: Sequence[Message]) -> Iterator[float]:
    """The help desk, the shop and the web site are told apart by what their events look like at a glance."""
    kinds = [
        b"helpdesk" if b'"helpdesk' in m.value else b"web" if b'"access-log' in m.value else b"shop" for m in messages
    ]
    sizes = Counter(kinds)
    passed = 0.0
    for kind in kinds:
        passed += 1 / (sizes[kind] * len(sizes))
        yield passed


def _records(kind: str, path: Path) -> list[Record]:
    return [row for row in read(kind, path) if isinstance(row, Record)]


def _simulated() -> list[Record]:
    settings = Settings(customers=300, events=12_000, days=30, start=_SIMULATED_START, dirty=0.001)
    return [Record(*event) for event in events(settings)]


def _merged(streams: Iterable[Sequence[Record]]) -> Iterator[Record]:
    return heapq.merge(*streams, key=_occurred_at)


def _occurred_at(row: Record) -> str:
    try:
        return str(orjson.loads(row.value)["occurred_at"])
    except (ValueError, TypeError, KeyError):
        return ""


def _with_bad(good: Sequence[Message]) -> Iterator[Message]:
    step = max(1, len(good) // (len(BAD) + 1))
    for number, message in enumerate(good):
        yield message
        place, rest = divmod(number + 1, step)
        if rest == 0 and place <= len(BAD):
            yield BAD[place - 1]
