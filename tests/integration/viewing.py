"""What the tests of the view share: what Redis shows, what a replay says, and lanes made by hand."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from agents.changelog import customer_key, pack
from agents.local.redis import RedisServer
from agents.settings import Settings
from agents.stores import MemoryStore
from agents.view.keys import address_of
from agents.view.lane import LaneView
from agents.view.rebuild import Difference, check, rebuild
from agents.view.record import score_then
from agents.view.writer import one_batch
from agents.worker import Worker
from schemas.deadletters import DeadLetter
from schemas.decode import decode
from schemas.outputs import TriggerFired, envelope
from schemas.policy import load
from schemas.times import parse_instant
from streams import codec
from streams.lane import Lane, Memory
from tests.agents.running import (
    NOON,
    Replayed,
    event,
    worker_settings,
)

KEPT = 20
DAY = 86_400_000
TIMELESS = ("customer_id", "level", "first_seen", "last_seen", "stage", "role", "segments", "tickets", "email", "value")


def view_settings(broker: Any, redis: RedisServer, folder: Path, **more: Any) -> Settings:
    return worker_settings(broker, folder, redis_url=redis.url, view_flush_ms=20, view_triggers=KEPT, **more)


async def written(worker: Worker) -> None:
    """Wait until the view is up to date."""
    for _ in range(1_000):
        if worker.view is not None and worker.view.up_to_date:
            return
        await asyncio.sleep(0.03)
    pytest.fail("the view does not catch up")


def shown(server: RedisServer) -> dict[str, dict[str, Any]]:
    """Every record of the view."""
    with Redis.from_url(server.url) as client:
        return {
            key.decode().removeprefix("engage:customer:"): json.loads(client.get(key))
            for key in client.scan_iter("engage:customer:*")
        }


def triggers(server: RedisServer) -> dict[str, list[str]]:
    """Ids of the triggers of each customer, oldest first."""
    with Redis.from_url(server.url) as client:
        return {
            key.decode().removeprefix("engage:triggers:"): [
                json.loads(item)["id"] for item in client.zrange(key, 0, -1)
            ]
            for key in client.scan_iter("engage:triggers:*")
        }


def scored(server: RedisServer) -> dict[str, int]:
    with Redis.from_url(server.url) as client:
        return {name.decode(): int(score) for name, score in client.zrange("engage:by-score", 0, -1, withscores=True)}


def latest(expected: Replayed, folder: Path) -> dict[str, list[str]]:
    """Ids of the triggers that the view should show, from the lines of a replay."""
    fired: dict[str, list[tuple[int, bytes, str]]] = defaultdict(list)
    for line in (folder / "replay/out/triggers.jsonl").read_bytes().splitlines():
        item = json.loads(line)
        fired[item["subject"]].append((parse_instant(item["data"]["at"]), line, item["id"]))
    return {name: [found[2] for found in sorted(items)[-KEPT:]] for name, items in fired.items()}


def assert_same(server: RedisServer, expected: Replayed, folder: Path) -> None:
    """The view is what the replay says: as it stands, and its score brought to the replay's end."""
    end = max(parse_instant(line["last_seen"]) for line in expected.customers.values())
    records = shown(server)
    assert set(records) == set(expected.customers) == set(scored(server))
    for name, line in expected.customers.items():
        record = records[name]
        assert {field: record[field] for field in TIMELESS} == {field: line[field] for field in TIMELESS}
        assert score_then(record, end) == line["score"]
        assert scored(server)[name] == record["score"]
    assert triggers(server) == latest(expected, folder)


def holding(name: str, position: int, *, score: int) -> MemoryStore:
    """The store of a lane at a changelog position, with one customer who answered a survey."""
    answer = decode("surveys", event("surveys", "nps", name, position, f"{name}{position}", score=score).value)
    assert not isinstance(answer, DeadLetter)
    lane = Lane(Memory(), load(None))
    state = lane.feed(answer, answer.occurred_at).state
    assert state is not None
    store = MemoryStore()
    store.write([(customer_key(name), pack(codec.encode(state), state.next_due))], position)
    return store


def triggers_of(name: str, count: int) -> list[bytes]:
    """Triggers of a customer as on the topic, a second apart."""
    return [
        envelope(
            TriggerFired(
                id=f"{name}{number}", customer_id=name, trigger="promoter", subject=None, evidence={}, cause="c",
                score=1, level="low", policy_version="1", at=NOON + 1000 * number,
            )
        )
        for number in range(count)
    ]  # fmt: skip


async def drained(lane: LaneView) -> None:
    """Write all that a lane has."""
    if lane.claim is None:
        await lane.take_over()
    while not lane.up_to_date:
        await one_batch(lane, asyncio.sleep)


async def differences(settings: Settings) -> Iterable[Difference]:
    address = address_of(settings)
    assert address is not None
    return [lane async for lane in check(settings, load(None), address)]


async def rebuilt(settings: Settings) -> int:
    address = address_of(settings)
    assert address is not None
    return sum([lane.customers async for lane in rebuild(settings, load(None), address, 30)])
