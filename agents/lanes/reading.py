"""From records to entries: decode, and the checks that need the message key or the wall clock. Nothing here raises."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agents.lanes.buffers import Entry, entry
from schemas.deadletters import DeadLetter
from schemas.decode import check_future, check_key, claimed_instant, decode


def read(topic: str, records: Iterable[Any], wall: int | None) -> list[Entry]:
    """Entries of a topic's records; ``wall`` (ms) is None when time is the events' own."""
    entries = []
    for record in records:
        decoded = decode(topic, record.value)
        if not isinstance(decoded, DeadLetter):
            wrong = check_key(decoded, record.key) or (None if wall is None else check_future(decoded, wall))
            entries.append(entry(topic, record, wrong or decoded))
        else:
            entries.append(entry(topic, record, decoded, _claimed(record.value, wall)))
    return entries


def _claimed(value: bytes | None, wall: int | None) -> int | None:
    """Where a dead letter stands in a replay too; one that claims the future must not hold its topic back."""
    claimed = claimed_instant(value)
    return None if claimed is None or (wall is not None and claimed > wall) else claimed
