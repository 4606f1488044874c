"""What may be missing in the view of a lane, read again from where it is the truth: changelog, store and triggers.

After a crash that is the changelog since the last complete write, and the newest triggers; when Redis lost its data it
is every customer, and as many of the newest triggers as are worth reading.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

from agents.changelog import CUSTOMER, ChangelogReader
from agents.topics import look
from agents.view.pending import fired_at
from agents.view.record import held
from schemas.outputs import CustomerErased
from schemas.topics import TRIGGERS

if TYPE_CHECKING:
    from agents.changelog import Change
    from agents.settings import Settings
    from agents.stores import Store

Found = Sequence[tuple[str, bytes | None]]
"""Customers to be written, each with a trigger (an envelope) or None."""

_STEP: Final = 10_000
_NEWEST: Final = 500_000
"""Records of a partition of ``triggers`` that are read at most."""
_FIRST_LOOK: Final = 2_000
_ERASED: Final = CustomerErased.type.encode()


class Since(NamedTuple):
    """The view was complete up to this changelog offset; the lane's now was ``now`` then (ms)."""

    position: int
    now: int


async def recall(settings: Settings, partition: int, store: Store, since: Since | None) -> AsyncIterator[Found]:
    """Yield what is to be written, in small parts; all of the lane when ``since`` is None.

    Raises:
        confluent_kafka.KafkaException, ChangelogStalledError, BrokerError: the broker cannot be read.

    """
    if since is None:
        names = (key[1:].decode() for key in store.names() if key[:1] == CUSTOMER)
        while some := list(islice(names, _STEP)):
            yield [(name, None) for name in some]
    if since is not None:
        async for part in _changed(settings, partition, since.position):
            yield part
    _, counts = await asyncio.get_running_loop().run_in_executor(None, look, settings)
    partitions = counts.get(TRIGGERS.name, 0)
    own = partitions == counts.get(settings.changelog_topic)
    for number in [partition] if own else range(partitions):
        async for part in _triggers(settings, number, store, since.now if since and own else None):
            yield part


async def _changed(settings: Settings, partition: int, start: int) -> AsyncIterator[Found]:
    topic = settings.changelog_topic
    first, end = await _bounds(settings, topic, partition)
    at = max(start, first)
    while at < end:
        records, at = await _read(settings, topic, partition, at, min(at + _STEP, end))
        yield [(key[1:].decode(), None) for key, _ in records if key[:1] == CUSTOMER]


async def _triggers(settings: Settings, partition: int, store: Store, since: int | None) -> AsyncIterator[Found]:
    first, end = await _bounds(settings, TRIGGERS.name, partition)
    at = max(first, end - _NEWEST)
    if since is not None:
        at = await _reach_back(settings, partition, at, end, since)
    again: dict[str, list[bytes]] = defaultdict(list)
    while at < end:
        records, at = await _read(settings, TRIGGERS.name, partition, at, min(at + _STEP, end))
        yield _own(records, store, again)
    yield [(name, trigger) for name, triggers in again.items() for trigger in triggers]


def _own(records: Sequence[Change], store: Store, again: dict[str, list[bytes]]) -> Found:
    """Triggers of customers that are held.

    Of one that came again after an erasure only what followed the erasure, so those wait in ``again`` for the end.
    """
    found: list[tuple[str, bytes | None]] = []
    states = {key: held(store, key.decode()) for key in {key for key, _ in records}}
    for key, value in records:
        state = states[key]
        if state is None or value is None:
            continue
        name = state.customer_id
        if _ERASED in value and orjson.loads(value)["type"] == CustomerErased.type:
            again.pop(name, None)
        elif state.erased_at is None:
            found.append((name, value))
        else:
            again[name].append(value)
    return found


async def _reach_back(settings: Settings, partition: int, first: int, end: int, since: int) -> int:
    """The offset from which on all triggers lie that the lane fired at ``since`` (ms) or later; ``first`` at least."""
    span = _FIRST_LOOK
    while (at := end - span) > first:
        records, _ = await _read(settings, TRIGGERS.name, partition, at, at + 1)
        if records and records[0][1] is not None and fired_at(records[0][1]) < since:
            return at
        span *= 4
    return first


async def _bounds(settings: Settings, topic: str, partition: int) -> tuple[int, int]:
    reader = ChangelogReader(settings)
    try:
        bounds = await reader.bounds([(topic, partition)])
    finally:
        await reader.close()
    return bounds.first[topic, partition], bounds.end[topic, partition]


async def _read(settings: Settings, topic: str, partition: int, start: int, end: int) -> tuple[list[Change], int]:
    """The records of [start, end), or some more, and the offset after them."""
    records: list[Change] = []
    reached = end

    def take(changes: list[Change], position: int) -> None:
        nonlocal reached
        records.extend(changes)
        reached = max(position, end)

    reader = ChangelogReader(settings)
    try:
        await reader.read(topic, partition, start, end, take)
    finally:
        await reader.close()
    return records, reached
