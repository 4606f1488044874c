"""A customer of whom nothing is heard for the retention is gone from everywhere, on Apache Kafka and Redis."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from redis import Redis

from agents.changelog import customer_key, erasure_key
from agents.kpis.board import Board
from agents.local.kafka import KafkaServer
from agents.local.redis import RedisServer
from agents.worker import Worker
from schemas.policy import merge
from tests.agents.running import Input, event, feed, idle, make_topics, records
from tests.integration.viewing import view_settings, written

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

DAY = 86_400_000


async def test_one_not_heard_of_for_the_retention_leaves_a_tombstone_no_keys_no_timer_and_no_standing(
    own_kafka_server: KafkaServer, redis_server: RedisServer, tmp_path: Path
) -> None:
    settings = view_settings(own_kafka_server, redis_server, tmp_path, kpi_ms=50, store="rocksdb")
    make_topics(own_kafka_server, settings, 1)
    failures: list[str] = []
    async with Worker(settings, merge({"customer_retention": "60d"}), fail=failures.append) as worker:
        await worker.ready()
        feed(own_kafka_server, [*life("ann", 0), *life("bob", 30 * DAY)])
        await idle(worker, 6)
        await written(worker)
        with Redis.from_url(redis_server.url) as client:
            assert client.exists("engage:customer:ann")
        feed(own_kafka_server, life("cleo", 75 * DAY))
        await idle(worker, 9)
        await written(worker)

        assert worker.status.customer("ann") == "unknown"
        assert worker.lanes.lanes[0].timers()[0] == 2
        assert worker.lanes.lanes[0].customers.count == 2
        assert worker.lanes.lanes[0].customers.store.get(customer_key("ann")) is None
        deadline = time.monotonic() + 30
        while (board := worker.kpis.board) is None or counted(board) != (2, 3):
            assert time.monotonic() < deadline, "the standings still count who is gone"
            await asyncio.sleep(0.1)
    assert failures == []
    newest = {record.key(): record.value() for record in records(own_kafka_server, settings.changelog_topic)}
    assert customer_key("ann") in newest
    assert newest[customer_key("ann")] is None
    assert erasure_key("ann") not in newest, "one who was not erased may come again"
    assert newest[customer_key("bob")] is not None
    with Redis.from_url(redis_server.url) as client:
        assert not list(client.scan_iter("*ann*"))
        assert client.zscore("engage:by-score", "ann") is None
        assert client.exists("engage:customer:bob")


def counted(board: Board) -> tuple[int, int]:
    """Customers that the figures count at any level, and orders: those stay."""
    figures = board.figures((None, None))
    return sum(figures["levels"].values()), figures["orders"]


def life(name: str, at: int) -> list[Input]:
    """What a customer is heard of within seconds."""
    return [
        event("purchases", "ordered", name, at, f"{name}-o", order_id="o", amount="20"),
        event("clickstream", "form_submit", name, at + 1000, f"{name}-f", form_id="f"),
        event("surveys", "nps", name, at + 2000, f"{name}-n", score=10),
    ]
