"""Upstream teams may write in transactions: marks of their ends, and what they took back, hold nothing up."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from confluent_kafka import Producer

from agents.local.kafka import KafkaServer
from tests.agents.running import Input, emitted, event, feed, idle, make_topics, replayed, running, worker_settings

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]
NAMES = [f"c{number}" for number in range(40)]


def in_a_transaction(broker: KafkaServer, inputs: list[Input], *, commit: bool) -> None:
    producer = Producer({
        "bootstrap.servers": broker.bootstrap_servers, "transactional.id": uuid.uuid4().hex,
        "partitioner": "murmur2_random",
    })  # fmt: skip
    producer.init_transactions(30)
    producer.begin_transaction()
    for topic, key, value in inputs:
        producer.produce(topic, key=key, value=value)
    producer.flush(30)
    if commit:
        producer.commit_transaction(30)
    else:
        producer.abort_transaction(30)


async def test_a_backfill_of_transactions_is_applied_without_what_was_taken_back(
    own_kafka_server: KafkaServer, tmp_path: Path
) -> None:
    settings = worker_settings(own_kafka_server, tmp_path)
    make_topics(own_kafka_server, settings)
    mails = [event("email", "opened", name, 1_000, f"m-{name}", message_id=f"m-{name}") for name in NAMES]
    never = [event("purchases", "ordered", name, 1_500, f"x-{name}", order_id="x", amount="900") for name in NAMES]
    orders = [event("purchases", "ordered", name, 2_000, f"o-{name}", order_id="o", amount="600") for name in NAMES]
    clicks = [event("clickstream", "download", name, 3_000, f"d-{name}", asset_id="a") for name in NAMES]
    in_a_transaction(own_kafka_server, mails, commit=True)
    in_a_transaction(own_kafka_server, never, commit=False)
    in_a_transaction(own_kafka_server, orders, commit=True)
    in_a_transaction(own_kafka_server, never, commit=False)
    feed(own_kafka_server, clicks)
    async with running(settings) as worker:
        await idle(worker)
        more = [event("surveys", "nps", name, 4_000, f"n-{name}", score=9) for name in NAMES]
        in_a_transaction(own_kafka_server, more, commit=True)
        await idle(worker, 5 * len(NAMES))
        assert worker.lanes.lag() == 0
    whole = replayed([*mails, *orders, *clicks, *more], tmp_path / "whole")
    assert whole.emitted
    assert {item["id"] for item in emitted(own_kafka_server)} == {item["id"] for item in whole.emitted}
