"""``engage view rebuild`` and ``check``: the view against the changelog, with no worker.

A lane that a worker keeps is left to that worker: its claim is taken away, which it notices within seconds and then
writes the whole lane again. All claims go at once, so that workers write side by side. Any other lane is read from the
changelog and written here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from agents.changelog import CUSTOMER, ChangelogReader
from agents.stores import MemoryStore, Store
from agents.topics import look
from agents.view.keys import Address, Keys, parse_claim
from agents.view.lane import LaneView
from agents.view.record import delivered_now, describe, held, lane_of
from agents.view.writer import connect, one_batch
from schemas.times import parse_instant

if TYPE_CHECKING:
    from agents.settings import Settings
    from schemas.policy import Policy

_PART: Final = 500
_POLL_SECONDS: Final = 0.2


class ViewError(RuntimeError):
    """The view could not be made.

    Operator action: do what the line says; the command can be run again.
    """


class Lane(NamedTuple):
    """What became of one lane: customers that the engine holds, and whether its worker wrote them."""

    partition: int
    customers: int
    by_worker: bool


class Difference(NamedTuple):
    """One lane compared: customers missing in the view, shown otherwise than they are, and shown though gone."""

    partition: int
    customers: int
    missing: int
    other: int
    left_over: int


async def rebuild(settings: Settings, policy: Policy, address: Address, seconds: float) -> AsyncIterator[Lane]:
    """Write the whole view, lane by lane; a worker is waited for so many seconds.

    Raises:
        ViewError: a worker did not write its lane in time, or took the lane over meanwhile.
        redis.RedisError: Redis cannot be written.
        BrokerError, confluent_kafka.KafkaException: the changelog cannot be read.

    """
    redis, keys = connect(address), Keys(settings.view_keys)
    try:
        partitions = await partitions_of(settings)
        kept = {number for number in partitions if await redis.exists(keys.writer(number))}
        for number in kept:
            await redis.delete(keys.lane(number))
        for number in partitions:
            by_worker = await _by_worker(keys, redis, number, seconds) if number in kept else None
            yield by_worker or await _here(settings, policy, redis, number)
    finally:
        await redis.aclose()


async def check(settings: Settings, policy: Policy, address: Address) -> AsyncIterator[Difference]:
    """Compare the view with the changelog, lane by lane. What changes meanwhile may show as a difference.

    Raises:
        redis.RedisError: Redis cannot be read.
        BrokerError, confluent_kafka.KafkaException: the changelog cannot be read.

    """
    redis, keys = connect(address), Keys(settings.view_keys)
    try:
        shown: dict[int | None, set[str]] = {}
        async for name, record in _records(redis, keys, redis.zscan_iter(keys.by_score, count=_PART)):
            shown.setdefault(lane_of(record), set()).add(name)
        for partition in await partitions_of(settings):
            store = await load(settings, partition)
            names = [key[1:].decode() for key in store.names() if key[:1] == CUSTOMER]
            missing = other = 0
            async for name, record in _records(redis, keys, _pairs(names)):
                missing += not record
                other += bool(record) and not _same(record, store, name, policy, partition)
            left_over = len(shown.get(partition, set()) - set(names))
            yield Difference(partition, len(names), missing, other, left_over)
    finally:
        await redis.aclose()


async def load(settings: Settings, partition: int) -> Store:
    """The customers of a lane out of the changelog."""
    store = MemoryStore()
    reader = ChangelogReader(settings)
    place = (settings.changelog_topic, partition)
    try:
        bounds = await reader.bounds([place])
        await reader.read(*place, bounds.first[place], bounds.end[place], store.write)
    finally:
        await reader.close()
    return store


async def partitions_of(settings: Settings) -> range:
    """The lanes. Raises ViewError when there is no changelog."""
    _, counts = await asyncio.to_thread(look, settings)
    count = counts.get(settings.changelog_topic, 0)
    if not count:
        message = (
            f"there is no topic {settings.changelog_topic} on {settings.bootstrap_servers}: no worker ran there yet"
        )
        raise ViewError(message)
    return range(count)


async def _here(settings: Settings, policy: Policy, redis: Any, partition: int) -> Lane:
    store = await load(settings, partition)
    now = delivered_now(store)
    lane = LaneView(partition, store, lambda: now, settings, policy, redis, command=True)
    await lane.take_over()
    while not lane.up_to_date:
        await one_batch(lane, _at_once)
        if lane.claim is None:
            message = (
                f"partition {partition} was taken over by a worker, which writes it: run the command again to wait"
            )
            raise ViewError(message)
    return Lane(partition, sum(1 for key in store.names() if key[:1] == CUSTOMER), by_worker=False)


async def _by_worker(keys: Keys, redis: Any, partition: int, seconds: float) -> Lane | None:
    """Wait until the worker of a lane, whose claim was taken away, has written it; None when it is there no more."""
    name = keys.lane(partition)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        claim = parse_claim(await redis.hgetall(name))
        if claim is not None and claim.position is not None:
            return Lane(partition, 0, by_worker=True)
        if not await redis.exists(keys.writer(partition)):
            return None
        await asyncio.sleep(_POLL_SECONDS)
    message = f"the worker of partition {partition} has not written it within {seconds:.0f} s; it may still be at it"
    raise ViewError(message)


async def _at_once(_seconds: float) -> None:
    """Nobody waits for this process."""


async def _records(redis: Any, keys: Keys, members: AsyncIterator[Any]) -> AsyncIterator[tuple[str, bytes]]:
    """Each member with its record; empty when there is none."""
    part: list[str] = []
    async with aclosing(members):  # type: ignore[type-var]
        async for member, _ in members:
            part.append(member.decode())
            if len(part) == _PART:
                for found in await _some(redis, keys, part):
                    yield found
                part = []
    for found in await _some(redis, keys, part):
        yield found


async def _some(redis: Any, keys: Keys, names: list[str]) -> Iterable[tuple[str, bytes]]:
    records = await redis.mget([keys.customer(name) for name in names]) if names else []
    return [(name, record or b"") for name, record in zip(names, records, strict=True)]


async def _pairs(names: list[str]) -> AsyncIterator[tuple[bytes, None]]:
    for name in names:
        yield name.encode(), None


def _same(record: bytes, store: Store, name: str, policy: Policy, partition: int) -> bool:
    """Whether a record is what the engine says of that customer at the record's own time."""
    state = held(store, name)
    if state is None:
        return False
    at = parse_instant(orjson.loads(record)["as_of"])
    return at >= state.now and describe(state, at, policy, partition)[0] == record
