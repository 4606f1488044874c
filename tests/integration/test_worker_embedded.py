"""A worker in this process on the embedded broker: it consumes, keeps state and emits as a replay would."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import orjson
import pytest

from agents.embedded import EmbeddedBroker
from agents.lanes.clocks import wall_ms
from schemas.outputs import plain
from schemas.topics import INPUTS
from tests.agents.running import (
    Input,
    differences,
    emitted,
    event,
    feed,
    idle,
    make_topics,
    records,
    replayed,
    run_twice,
    running,
    simulated,
    worker_settings,
)

pytestmark = pytest.mark.timeout(90)

HOUR = 3_600_000


@pytest.mark.parametrize(("partitions", "dirty"), [(4, 0.0), (1, 0.2)])
async def test_a_backlog_gives_what_a_replay_of_the_same_records_gives(
    embedded_broker: EmbeddedBroker, tmp_path: Path, partitions: int, dirty: float
) -> None:
    settings = worker_settings(embedded_broker, tmp_path)
    make_topics(embedded_broker, settings, partitions)
    inputs = simulated(dirty)
    feed(embedded_broker, inputs)
    expected = replayed(inputs, tmp_path / "replay")

    async with running(settings) as worker:
        await idle(worker)
        lines = {customer_id: worker.status.customer(customer_id) for customer_id in expected.customers}

    assert differences(emitted(embedded_broker), expected.emitted) == []
    for customer_id, line in expected.customers.items():
        shown = orjson.dumps(lines[customer_id], default=plain, option=orjson.OPT_PASSTHROUGH_SUBCLASS)
        assert orjson.loads(shown) == line
    dead = list(records(embedded_broker, "dead-letters"))
    assert len(dead) == expected.dead_letters


async def test_a_worker_that_is_stopped_and_started_goes_on_where_it_was(
    embedded_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    settings = worker_settings(embedded_broker, tmp_path)
    make_topics(embedded_broker, settings)
    inputs = simulated()
    await run_twice(embedded_broker, settings, inputs)

    expected = replayed(inputs, tmp_path / "replay")
    assert differences(emitted(embedded_broker), expected.emitted) == []


async def test_what_cannot_be_applied_is_a_dead_letter_that_holds_the_whole_record(
    embedded_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    settings = worker_settings(embedded_broker, tmp_path, clock="wall")
    make_topics(embedded_broker, settings)
    good = event("email", "opened", "ann", 0, "e1", message_id="m1")
    ahead = event("email", "opened", "ann", 0, "e2", message_id="m1").value.replace(b"2026-01", b"2999-01")
    feed(
        embedded_broker,
        [
            Input("email", "ann", b"\xff not json"),
            Input("email", "bob", good.value),
            Input("email", "ann", ahead),
            good,
        ],
    )

    async with running(settings) as worker:
        await worker.settled(30)
        assert worker.status.customer("ann") not in ("unknown", "recovering", "elsewhere")

    dead = {
        letter["reason"]: letter
        for letter in (json.loads(message.value()) for message in records(embedded_broker, "dead-letters"))
    }
    assert set(dead) == {"not_json", "key_mismatch", "from_the_future"}
    assert dead["key_mismatch"]["key"] == "bob"
    assert dead["not_json"]["value"] == "/yBub3QganNvbg=="


async def test_a_timer_fires_by_the_wall_clock_when_nothing_comes(
    embedded_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    settings = worker_settings(embedded_broker, tmp_path, clock="wall", sweep_ms=50)
    make_topics(embedded_broker, settings)
    async with running(settings) as worker:
        await worker.settled(30)
        from_noon = wall_ms() - HOUR + 1_500 - 1_767_268_800_000
        feed(embedded_broker, [event("clickstream", "add_to_cart", "ann", from_noon, "c1", product_id="p1")])
        for _ in range(200):
            if any(item["data"].get("trigger") == "cart_abandoned" for item in emitted(embedded_broker)):
                break
            await asyncio.sleep(0.05)
        else:
            pytest.fail("cart_abandoned did not fire")


async def test_a_timer_does_not_fire_while_what_would_prevent_it_is_in_the_backlog(
    embedded_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    settings = worker_settings(embedded_broker, tmp_path, clock="wall")
    make_topics(embedded_broker, settings)
    feed(
        embedded_broker,
        [
            event("clickstream", "add_to_cart", "ann", 0, "c1", product_id="p1"),
            event("purchases", "ordered", "ann", HOUR // 2, "o1", order_id="o1", amount="10", product_id="p1"),
        ],
    )
    async with running(settings) as worker:
        await worker.settled(30)
    assert not any(item["data"].get("trigger") == "cart_abandoned" for item in emitted(embedded_broker))


async def test_offsets_committed_to_the_group_are_those_that_were_applied(
    embedded_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    from confluent_kafka import Consumer, TopicPartition

    settings = worker_settings(embedded_broker, tmp_path, commit_ms=100)
    make_topics(embedded_broker, settings)
    feed(embedded_broker, simulated(count=500))
    async with running(settings) as worker:
        await worker.settled(30)
        applied = {(t, n): o + 1 for n, lane in worker.lanes.lanes.items() for t, o in lane.applied.items()}
        for _ in range(100):
            if not worker.lanes.uncommitted():
                break
            await asyncio.sleep(0.05)
    group = Consumer({"bootstrap.servers": embedded_broker.bootstrap_servers, "group.id": settings.application_id})
    found = group.committed([TopicPartition(topic, number) for topic, number in applied], timeout=10)
    group.close()
    assert {(tp.topic, tp.partition): tp.offset for tp in found} == applied
    assert {topic for topic, _ in applied} <= set(INPUTS)
