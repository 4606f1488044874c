"""The outputs are plain Kafka records: a client that knows nothing of the engine reads them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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

    read = list(read_to_the_end(own_kafka_server, "triggers", "score-changes"))
    assert {body["id"]: body for _, body in read} == said
    assert len(read) == len(said)
    assert all(key == body["subject"] for key, body in read)


def read_to_the_end(broker: KafkaServer, *topics: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Key and parsed value of every committed record."""
    consumer = KafkaConsumer(
        *topics,
        bootstrap_servers=broker.bootstrap_servers,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    deadline = time.monotonic() + 60
    while True:
        for found in consumer.poll(timeout_ms=500).values():
            yield from ((record.key.decode(), json.loads(record.value)) for record in found)
        places = consumer.assignment()
        if places and all(consumer.position(place) >= end for place, end in consumer.end_offsets(places).items()):
            break
        assert time.monotonic() < deadline, f"the end is not reached: {places}"
    consumer.close()
