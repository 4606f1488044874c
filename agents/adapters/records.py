"""What an adapter gives for the rows of a foreign source: records, or values that say why there is none."""

from __future__ import annotations

import hashlib
from typing import NamedTuple, TypeAlias

import orjson

from schemas.times import format_instant

Field: TypeAlias = str | int | float | bool | None


class Record(NamedTuple):
    """One event of the contract: its topic, its message key and its JSON.

    ``customer_id`` is None when the source does not say whose event it is; the engine makes a dead letter of it.
    """

    topic: str
    customer_id: str | None
    value: bytes


class Problem(NamedTuple):
    """A row that cannot be read: its line, counted from 1, and what was expected there."""

    line: int
    expected: str


class Unmapped(NamedTuple):
    """A row that was read and has no counterpart in the contract: its line and what it is."""

    line: int
    what: str


Row: TypeAlias = Record | Problem | Unmapped


def record(
    topic: str, kind: str, customer_id: str | None, event_id: str | None, at: int | None, **fields: Field
) -> Record:
    """An event of type ``kind`` that occurred ``at`` (ms). What is None is left out of the JSON."""
    event: dict[str, Field] = {
        "event_id": event_id,
        "customer_id": customer_id,
        "occurred_at": None if at is None else format_instant(at),
        "type": kind,
        **fields,
    }
    return Record(topic, customer_id, orjson.dumps({name: value for name, value in event.items() if value is not None}))


def digest(*parts: str) -> str:
    """A short name, 16 hex digits, that is the same whenever the parts are."""
    return hashlib.blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=8).hexdigest()
