"""Apache Kafka with a listener for each worker, reached through a proxy of its own; and the records in and out."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from agents.local.kafka import KafkaServer
from agents.local.process import LOOPBACK, free_port
from schemas.topics import CATALOGUE
from tests.chaos.load import PARTITIONS, Item
from tests.chaos.proxy import Proxy

GROUP = "chaos"
CHANGELOG = f"{GROUP}-customers-changelog"
KPI_ROWS = f"{GROUP}-kpi-rows"
_READ_SECONDS = 120.0


class ChaosKafka(KafkaServer):
    """One node; worker ``n`` sees it only at ``proxies[n]``, whatever it asks for."""

    def __init__(self, workers: int, data: Path) -> None:
        super().__init__(data)
        self._ports = [free_port() for _ in range(workers)]
        self.proxies = [Proxy(port) for port in self._ports]

    def _node(self) -> dict[str, str]:
        node = super()._node()
        for number, (port, proxy) in enumerate(zip(self._ports, self.proxies, strict=True)):
            node["listeners"] += f",WORKER{number}://{LOOPBACK}:{port}"
            node["advertised.listeners"] += f",WORKER{number}://{LOOPBACK}:{proxy.port}"
            node["listener.security.protocol.map"] += f",WORKER{number}:PLAINTEXT"
        return node | {"inter.broker.listener.name": "PLAINTEXT"}

    def make_topics(self) -> None:
        """All topics of a worker."""
        for name in CATALOGUE:
            self.create_topic(name, PARTITIONS)
        for name in (CHANGELOG, KPI_ROWS):
            self.create_topic(name, PARTITIONS, compacted=True)


def produce(servers: str, items: Iterable[Item], rate: float | None = None) -> None:
    """Send items, each to its partition, ``rate`` a second; survives a broker that is away for minutes."""
    producer = Producer({
        "bootstrap.servers": servers, "enable.idempotence": True, "linger.ms": 5, "message.timeout.ms": 300_000,
        "reconnect.backoff.max.ms": 500, "message.max.bytes": 1_000_000, "log_level": 0,
        "queue.buffering.max.messages": 1_000_000, "queue.buffering.max.kbytes": 1_000_000,
    })  # fmt: skip
    refused: list[str] = []

    def confirmed(error: Any, message: Any) -> None:
        if error is not None:
            refused.append(f"{message.topic()}: {error}")

    begun = time.monotonic()
    for number, item in enumerate(items):
        while rate and number / rate > time.monotonic() - begun:
            producer.poll(0.005)
        while True:
            try:
                producer.produce(item.topic, item.value, item.key, partition=item.partition, on_delivery=confirmed)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    assert producer.flush(300) == 0, "records were not delivered"
    assert not refused, refused[0]


def read(servers: str, *topics: str) -> Iterator[Any]:
    """Every committed record of these topics, up to their ends. Raises TimeoutError when an end does not come."""
    consumer = Consumer({
        "bootstrap.servers": servers, "group.id": "reader", "enable.auto.commit": False, "enable.partition.eof": True,
        "auto.offset.reset": "earliest", "isolation.level": "read_committed",
    })  # fmt: skip
    known = consumer.list_topics(timeout=20).topics
    waiting = {(topic, number) for topic in topics for number in known[topic].partitions}
    consumer.assign([TopicPartition(*place, 0) for place in waiting])
    deadline = time.monotonic() + _READ_SECONDS
    while waiting:
        if time.monotonic() > deadline:
            message = f"no end seen of {waiting}"
            raise TimeoutError(message)
        for message in consumer.consume(5_000, timeout=0.5):
            if message.error():
                waiting.discard((message.topic(), message.partition()))
            else:
                yield message
    consumer.close()


class Progress:
    """How many records the workers have applied, from what they commit to the group."""

    def __init__(self, servers: str, ends: dict[tuple[str, int], int]) -> None:
        self._consumer = Consumer({"bootstrap.servers": servers, "group.id": GROUP, "log_level": 0})
        self._places = [TopicPartition(*place) for place in ends]
        self.total = sum(ends.values())
        self.applied = 0

    def look(self) -> int:
        """Records applied, as last known: nothing new while the broker is away."""
        try:
            found = self._consumer.committed(self._places, timeout=1.0)
        except KafkaException:
            return self.applied
        self.applied = max(self.applied, sum(max(0, place.offset) for place in found if place.error is None))
        return self.applied

    def close(self) -> None:
        """Disconnect."""
        self._consumer.close()
