"""The input of a soak: groups of customers who come every few days and are gone some weeks later."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator
from itertools import takewhile
from typing import Final

import orjson
from aiokafka.partitioner import murmur2

from agents.simulate.settings import EVENTS_PER_CUSTOMER_DAY, START
from agents.simulate.settings import Settings as Simulation
from agents.simulate.stream import events
from schemas.times import DAY, format_instant
from tests.chaos.load import PARTITIONS, Item

LIFE_DAYS: Final = 45
"""From the first to the last event of a group. Shorter than the retention, so nobody is forgotten and comes again."""
STEP_DAYS: Final = 5
RETENTION_DAYS: Final = 60

Arrival = tuple[str, str, str, bytes]
"""``occurred_at`` as text, topic, customer_id, value."""


def load(seed: int, count: int, days: int) -> list[Item]:
    """About ``count`` records over so many days, in order of ``occurred_at``; the same for a seed."""
    per_group = max(1, count * STEP_DAYS // days)
    groups = [_group(number, seed, per_group) for number in range(-(LIFE_DAYS // STEP_DAYS), days // STEP_DAYS + 1)]
    first, last = format_instant(START), format_instant(START + days * DAY)
    ends: defaultdict[tuple[str, int], int] = defaultdict(int)
    items = []
    for at, topic, customer_id, value in takewhile(lambda arrival: arrival[0] < last, heapq.merge(*groups, key=_at)):
        if at < first:
            continue
        key = customer_id.encode()
        number = (murmur2(key) & 0x7FFFFFFF) % PARTITIONS
        items.append(Item(topic, number, ends[topic, number], key, value, replayed=True))
        ends[topic, number] += 1
    return items


def _group(number: int, seed: int, count: int) -> Iterator[Arrival]:
    """One group's events; its customers have names of their own."""
    simulation = Simulation(
        customers=max(1, round(count / LIFE_DAYS / EVENTS_PER_CUSTOMER_DAY)),
        days=LIFE_DAYS,
        events=count,
        seed=seed * 1_000_000 + number + 1_000,
        start=START + number * STEP_DAYS * DAY,
    )
    for topic, customer_id, value in events(simulation):
        body = orjson.loads(value)
        name = f"g{number}-{customer_id}"
        yield body["occurred_at"], topic, name, orjson.dumps({**body, "customer_id": name})


def _at(arrival: Arrival) -> str:
    return arrival[0]
