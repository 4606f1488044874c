"""The view in a real Redis: what a replay says, whatever happens to Redis and to the workers."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest
from redis import Redis

from agents.embedded import EmbeddedBroker
from agents.local.redis import RedisServer
from agents.view.record import ADDED
from tests.agents.running import (
    event,
    feed,
    idle,
    make_topics,
    replayed,
    running,
    simulated,
)
from tests.integration.viewing import (
    DAY,
    assert_same,
    differences,
    latest,
    rebuilt,
    scored,
    shown,
    triggers,
    view_settings,
    written,
)

pytestmark = pytest.mark.timeout(120)


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
