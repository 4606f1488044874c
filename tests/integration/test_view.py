"""The view in a real Redis: what a replay says, whatever happens to Redis and to the workers."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from redis import Redis

from agents.changelog import customer_key, pack
from agents.cli.main import main
from agents.embedded import EmbeddedBroker
from agents.local.redis import RedisServer
from agents.settings import Settings
from agents.stores import MemoryStore
from agents.view.keys import Keys, address_of
from agents.view.lane import LaneView
from agents.view.pending import Entry
from agents.view.rebuild import Difference, check, rebuild
from agents.view.record import ADDED, describe, held, score_then
from agents.view.transaction import Write, put
from agents.view.writer import connect, one_batch
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
    feed,
    idle,
    make_topics,
    replayed,
    running,
    simulated,
    worker_settings,
)

pytestmark = pytest.mark.timeout(120)

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


async def test_the_view_of_a_worker_is_what_a_replay_of_the_same_records_says(
    embedded_broker: EmbeddedBroker, redis_server: RedisServer, tmp_path: Path
) -> None:
    settings = view_settings(embedded_broker, redis_server, tmp_path)
    make_topics(embedded_broker, settings)
    inputs = simulated()
    feed(embedded_broker, inputs)
    expected = replayed(inputs, tmp_path / "replay")

    async with running(settings) as worker:
        await idle(worker)
        await written(worker)

    assert_same(redis_server, expected, tmp_path)
    for lane in await differences(settings):
        assert (lane.missing, lane.other, lane.left_over) == (0, 0, 0)


async def test_a_rebuild_without_a_worker_gives_the_lines_of_the_replay_and_removes_who_is_gone(
    embedded_broker: EmbeddedBroker, redis_server: RedisServer, tmp_path: Path
) -> None:
    settings = view_settings(embedded_broker, redis_server, tmp_path)
    make_topics(embedded_broker, settings, 1)
    inputs = simulated()
    feed(embedded_broker, inputs)
    expected = replayed(inputs, tmp_path / "replay")
    async with running(settings.model_copy(update={"redis_url": None})) as worker:
        await idle(worker)
    with Redis.from_url(redis_server.url) as client:
        client.set("engage:customer:ghost", '{"lane":0,"score":50}')
        client.zadd("engage:by-score", {"ghost": 50})
        client.set("engage:customer:other", '{"lane":99,"score":50}')
        client.zadd("engage:by-score", {"other": 50})

    assert sum(lane.missing for lane in await differences(settings)) == len(expected.customers)
    assert await rebuilt(settings) == len(expected.customers)

    records = shown(redis_server)
    assert records.pop("other")["lane"] == 99
    assert set(records) == set(expected.customers)
    for name, line in expected.customers.items():
        assert {field: value for field, value in records[name].items() if field not in ADDED} == line
    assert triggers(redis_server) == latest(expected, tmp_path)


async def test_a_redis_that_dies_and_comes_back_empty_stops_nothing_and_is_filled_again(
    embedded_broker: EmbeddedBroker, redis_server: RedisServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = view_settings(embedded_broker, redis_server, tmp_path, view_pending=10)
    make_topics(embedded_broker, settings)
    inputs = simulated()
    third = len(inputs) // 3
    async with running(settings) as worker:
        feed(embedded_broker, inputs[:third])
        await idle(worker, third)
        await written(worker)
        redis_server.kill()
        caplog.clear()
        feed(embedded_broker, inputs[third : 2 * third])
        await idle(worker, 2 * third)
        assert worker.view is not None
        assert not worker.view.up_to_date
        assert sum("The view cannot be written" in line for line in caplog.messages) == 1
        assert worker.registry.get_sample_value("engage_view_errors_total")
        assert worker.registry.get_sample_value("engage_view_lag_seconds")
        redis_server.restart()
        feed(embedded_broker, inputs[2 * third :])
        await idle(worker, len(inputs))
        await written(worker)
        assert worker.registry.get_sample_value("engage_view_writes_total")

    assert_same(redis_server, replayed(inputs, tmp_path / "replay"), tmp_path)


async def test_a_redis_emptied_while_nothing_happens_is_filled_again(
    embedded_broker: EmbeddedBroker, redis_server: RedisServer, tmp_path: Path
) -> None:
    settings = view_settings(embedded_broker, redis_server, tmp_path)
    make_topics(embedded_broker, settings)
    inputs = simulated(count=500)
    feed(embedded_broker, inputs)
    expected = replayed(inputs, tmp_path / "replay")
    async with running(settings) as worker:
        await idle(worker)
        await written(worker)
        with Redis.from_url(redis_server.url) as client:
            client.flushall()
        deadline = time.monotonic() + 30
        while scored(redis_server).keys() != expected.customers.keys() and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        await written(worker)
        assert await rebuilt(settings) == 0, "lanes of a worker are written by the worker"

    assert_same(redis_server, expected, tmp_path)


@pytest.mark.parametrize("server", ["embedded_broker", pytest.param("own_kafka_server", marks=pytest.mark.kafka)])
async def test_what_a_worker_could_not_write_before_it_ended_is_written_by_the_next(
    server: str, request: pytest.FixtureRequest, redis_server: RedisServer, tmp_path: Path
) -> None:
    broker = request.getfixturevalue(server)
    settings = view_settings(broker, redis_server, tmp_path)
    make_topics(broker, settings)
    inputs = simulated()
    half = len(inputs) // 2
    feed(broker, inputs[:half])
    async with running(settings) as worker:
        await idle(worker, half)
        await written(worker)
    feed(broker, inputs[half:])
    async with running(settings.model_copy(update={"redis_url": None})) as worker:
        await idle(worker, len(inputs))
    async with running(settings) as worker:
        await written(worker)

    assert_same(redis_server, replayed(inputs, tmp_path / "replay"), tmp_path)


async def test_an_erased_customer_leaves_no_key_and_one_that_comes_again_shows_nothing_of_before(
    embedded_broker: EmbeddedBroker, redis_server: RedisServer, tmp_path: Path
) -> None:
    settings = view_settings(embedded_broker, redis_server, tmp_path)
    make_topics(embedded_broker, settings)
    unhappy = [
        event("surveys", "csat", name, place, f"{name}{place}", score=1)
        for place, name in enumerate(("ann", "bob", "eve"))
    ]
    async with running(settings) as worker:
        feed(embedded_broker, unhappy)
        await idle(worker, 3)
        await written(worker)
        assert set(triggers(redis_server)) == {"ann", "bob", "eve"}
        feed(embedded_broker, [event("profiles", "erased", name, 10, f"{name}x") for name in ("ann", "bob")])
        await idle(worker, 5)
        await written(worker)
        assert set(shown(redis_server)) == set(triggers(redis_server)) == set(scored(redis_server)) == {"eve"}
        feed(embedded_broker, [event("surveys", "nps", "bob", DAY, "b2", score=10)])
        await idle(worker, 6)
        await written(worker)

    with Redis.from_url(redis_server.url) as client:
        assert not list(client.scan_iter("*ann*"))
    again = triggers(redis_server)["bob"]
    with Redis.from_url(redis_server.url) as client:
        client.flushall()
    await rebuilt(settings)
    assert triggers(redis_server)["bob"] == again
    assert set(shown(redis_server)) == {"bob", "eve"}
    with Redis.from_url(redis_server.url) as client:
        fired = [json.loads(item)["data"]["trigger"] for item in client.zrange("engage:triggers:bob", 0, -1)]
    assert fired == ["promoter"]


async def test_a_late_write_of_an_earlier_owner_is_refused_and_a_late_claim_is_taken_back(
    embedded_broker: EmbeddedBroker, redis_server: RedisServer, tmp_path: Path
) -> None:
    settings = view_settings(embedded_broker, redis_server, tmp_path)
    make_topics(embedded_broker, settings, 1)
    address = address_of(settings)
    assert address is not None
    redis = connect(address)

    def owner(position: int, score: int) -> LaneView:
        return LaneView(0, holding("ann", position, score=score), lambda: 0, settings, load(None), redis)

    earlier, later = owner(10, score=9), owner(20, score=0)
    await drained(earlier)
    await later.take_over()
    later.pending.recall("ann", None)
    await drained(later)
    assert shown(redis_server)["ann"]["satisfaction"]["nps_last"] == 0

    earlier.pending.recall("ann", None)
    assert await one_batch(earlier, asyncio.sleep) == 0
    assert earlier.stood_down
    assert shown(redis_server)["ann"]["satisfaction"]["nps_last"] == 0

    await drained(owner(10, score=9))
    later.pending.recall("ann", None)
    assert await one_batch(later, asyncio.sleep) == 0
    assert not later.stood_down
    await drained(later)
    assert shown(redis_server)["ann"]["satisfaction"]["nps_last"] == 0
    await redis.aclose()


async def test_a_customer_to_whom_nothing_happens_is_shown_anew_after_some_hours(
    embedded_broker: EmbeddedBroker, redis_server: RedisServer, tmp_path: Path
) -> None:
    settings = view_settings(embedded_broker, redis_server, tmp_path)
    make_topics(embedded_broker, settings, 1)
    address = address_of(settings)
    assert address is not None
    redis, now = connect(address), [NOON]
    lane = LaneView(0, holding("ann", 10, score=9), lambda: now[0], settings, load(None), redis)
    await drained(lane)
    now[0] += 30 * DAY
    assert await one_batch(lane, asyncio.sleep) == 0
    lane._refreshed_at -= settings.view_refresh_hours * 3600
    while not await one_batch(lane, asyncio.sleep):
        assert lane.up_to_date
    record = shown(redis_server)["ann"]
    assert parse_instant(record["as_of"]) == NOON + 30 * DAY
    assert scored(redis_server)["ann"] == record["score"] == 2
    await redis.aclose()


async def test_one_transaction_clears_what_was_before_an_erasure_and_keeps_only_the_newest_triggers(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    keys, fired = Keys("engage"), triggers_of("ann", 5)
    with Redis.from_url(redis_server.url) as client:
        client.zadd("engage:triggers:ann", {b"old": NOON + DAY})
        for order in (fired, fired[::-1]):
            entry = Entry(0.0)
            entry.triggers += order
            with client.pipeline() as pipe:
                put(pipe, keys, Write("ann", b"{}", 7, True, entry.fired()), 3)
                put(pipe, keys, Write("ann", b"{}", 7, False, entry.fired()), 3)
                pipe.execute()
            assert client.zrange("engage:triggers:ann", 0, -1) == fired[2:]
        with client.pipeline() as pipe:
            put(pipe, keys, Write("ann", None, 0, False, {}), 3)
            pipe.execute()
        assert client.keys() == []


def test_a_person_reads_the_view_with_the_command_line_and_a_password(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    state = held(holding("ann", 10, score=9), "ann")
    assert state is not None
    record, _ = describe(state, state.now, load(None), 0)
    with RedisServer(password="sesame") as guarded:  # noqa: S106
        with Redis.from_url(guarded.url) as client:
            client.set("engage:customer:ann", record)
        bare = guarded.url.replace(":sesame@", "")
        (tmp_path / "engage_redis_password").write_text("sesame")
        secret = {"ENGAGE_SECRETS_DIR": str(tmp_path)}
        told = CliRunner().invoke(main, ["explain", "ann", "--redis", bare], env=secret)
        assert told.exit_code == 0, told.output
        assert "surveys.nps" in told.output
        found = CliRunner().invoke(main, ["view", "show", "ann", "--redis", bare], env=secret)
        assert json.loads(found.output)["customer_id"] == "ann"
        unknown = CliRunner().invoke(main, ["view", "show", "bob", "--redis", bare], env=secret)
        assert (unknown.exit_code, unknown.output) == (1, "engage: no customer 'bob' in the view\n")
        refused = CliRunner().invoke(main, ["view", "show", "ann", "--redis", bare])
        assert refused.exit_code == 70
        assert "Redis" in refused.output
