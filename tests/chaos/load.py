"""The input of a run: simulated customers, with erasures and records that cannot be applied; the same for a seed."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import orjson
from aiokafka.partitioner import murmur2

from agents.simulate.settings import Settings as Simulation
from agents.simulate.stream import events
from schemas.decode import decode
from schemas.events import Event

PARTITIONS = 4
OVERSIZE = 300_000
"""Bytes of a record that is over the engine's limit and under the broker's."""
_EVENTS_PER_CUSTOMER = 60
_NEWEST = 5_000


class Item(NamedTuple):
    """One record: where it goes and what it is. ``offset`` is where it lands on fresh topics.

    ``replayed`` is False for what a file cannot hold (no value, a wrong key): only the worker can refuse it.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    replayed: bool


def load(seed: int, count: int, dirty: float, *, erasures: bool = True) -> list[Item]:
    """About ``count`` records in order of arrival; ``dirty`` is the share of events repeated, late or broken."""
    dice = random.Random(seed)
    simulation = Simulation(
        customers=max(100, count // _EVENTS_PER_CUSTOMER), events=count, days=40, dirty=dirty, seed=seed
    )
    ends: defaultdict[tuple[str, int], int] = defaultdict(int)
    items = []
    for topic, key, value, replayed in _soiled(events(simulation), dice, erasures):
        number = dice.randrange(PARTITIONS) if key is None else (murmur2(key) & 0x7FFFFFFF) % PARTITIONS
        items.append(Item(topic, number, ends[topic, number], key, value, replayed))
        ends[topic, number] += 1
    return items


def _soiled(
    clean: Iterator[tuple[str, str, bytes]], dice: random.Random, erasures: bool
) -> Iterator[tuple[str, bytes | None, bytes | None, bool]]:
    """Every record, and now and then one after it that cannot be applied, or an erasure."""
    for number, (topic, customer_id, value) in enumerate(clean):
        key = customer_id.encode()
        if not erasures and b'"erased"' in value:
            continue
        yield topic, key, value, True
        drawn = dice.random()
        if drawn < 0.0005:
            yield topic, key, value[:-1] + b',"padding":"' + b"x" * OVERSIZE + b'"}', True
        elif drawn < 0.002:
            yield topic, key, dice.choice((b"\xff\xfe\x00", b"{", b"[]", b'"text"', b'{"event_id":NaN}')), True
        elif drawn < 0.003:
            yield topic, dice.choice((None, b"somebody-else")), value, False
        elif drawn < 0.0035:
            yield topic, key, None, False
        elif drawn < 0.0045 and erasures and isinstance(event := decode(topic, value), Event):
            body = {
                "event_id": f"erasure-{number}", "customer_id": customer_id, "type": "erased",
                "occurred_at": orjson.loads(value)["occurred_at"],
            }  # fmt: skip
            yield "profiles", event.customer_id.encode(), orjson.dumps(body), True


def newest(items: list[Item]) -> int:
    """The latest ``occurred_at`` (ms) of what can be applied."""
    decoded = (decode(item.topic, item.value) for item in items[-_NEWEST:] if item.replayed)
    return max(int(event.occurred_at) for event in decoded if isinstance(event, Event))


def ends(items: list[Item]) -> dict[tuple[str, int], int]:
    """Offset after the last record of each input partition."""
    found: dict[tuple[str, int], int] = {}
    for item in items:
        found[item.topic, item.partition] = item.offset + 1
    return found


def erased(items: list[Item]) -> set[str]:
    """Customers that an erasure names: what an erasure takes with it depends on the order of arrival."""
    return {item.key.decode() for item in items if item.key and b'"type":"erased"' in (item.value or b"")}


def write(items: list[Item], folder: Path, partition: int | None = None) -> dict[str, list[Item]]:
    """Topic files for a replay, of one partition or of all; returns the items by topic, in the order of their lines."""
    lines: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        if item.replayed and partition in (None, item.partition):
            lines[item.topic].append(item)
    folder.mkdir(parents=True)
    for topic, found in lines.items():
        (folder / f"{topic}.jsonl").write_bytes(b"".join((item.value or b"") + b"\n" for item in found))
    return lines
