"""The outputs are plain Kafka records: a client that knows nothing of the engine reads them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from kafka import KafkaConsumer

from agents.local.kafka import KafkaServer
from tests.agents.running import emitted, feed, idle, make_topics, running, simulated, worker_settings

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


async def test_kafka_python_reads_each_output_once_as_a_cloud_event_under_its_customer(
    own_kafka_server: KafkaServer, tmp_path: Path
) -> None:
    settings = worker_settings(own_kafka_server, tmp_path)
    make_topics(own_kafka_server, settings)
    inputs = simulated(count=2_000)
    feed(own_kafka_server, inputs)
    async with running(settings) as worker:
        await idle(worker, len(inputs))
    said = {item["id"]: item for item in emitted(own_kafka_server)}
    assert said

    consumer = KafkaConsumer(
        "triggers",
        "score-changes",
        bootstrap_servers=own_kafka_server.bootstrap_servers,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        consumer_timeout_ms=5_000,
    )
    read = [(message.key.decode(), json.loads(message.value)) for message in consumer]
    consumer.close()
    assert {body["id"]: body for _, body in read} == said
    assert all(key == body["subject"] for key, body in read)
