"""Read what the engine says, as any subscriber would."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from agents.demo.cluster import OUTPUTS, PARTITIONS


class Said(NamedTuple):
    """One record of an output topic: its topic and its JSON."""

    topic: str
    body: dict[str, Any]


class Watch:
    """A reader of all output partitions from their beginning."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap_servers,
                "group.id": "engage-demo-watch",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 100,
                "log_level": 0,
            }
        )
        self._consumer.assign(
            [TopicPartition(topic, number, OFFSET_BEGINNING) for topic in OUTPUTS for number in range(PARTITIONS)]
        )

    def take(self, seconds: float) -> list[Said]:
        """What was said since, waiting for it at most so many seconds."""
        found = self._consumer.consume(2_000, timeout=seconds)
        return [
            Said(message.topic(), orjson.loads(message.value()))
            for message in found
            if message.error() is None and message.value() is not None
        ]

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()
