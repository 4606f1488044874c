"""Sending events to a broker: all of them, to the right partitions, in the order of their key."""

import socket
from collections import defaultdict
from collections.abc import Iterator

import pytest
from aiokafka.partitioner import murmur2
from click.testing import CliRunner
from confluent_kafka import Consumer, Message

from agents.cli.simulate import simulate
from agents.embedded import EmbeddedBroker
from agents.produce import ProduceError, produce
from agents.simulate import Settings, events
from schemas.times import SECOND
from schemas.topics import INPUTS

PARTITIONS = 4
pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def broker(embedded_broker: EmbeddedBroker) -> EmbeddedBroker:
    for topic in INPUTS:
        embedded_broker.create_topic(topic, PARTITIONS)
    return embedded_broker


def received(bootstrap: str, count: int) -> list[Message]:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "test", "auto.offset.reset": "earliest"})
    found: list[Message] = []
    try:
        consumer.subscribe(list(INPUTS))
        while len(found) < count:
            found += consumer.consume(1_000, 1.0)
    finally:
        consumer.close()
    assert not [message.error() for message in found if message.error()]
    return found


def test_every_event_arrives_under_its_key_where_kafka_would_put_it_and_in_order(broker):
    sent = list(events(Settings(customers=50, events=2_000)))
    told: list[int] = []
    assert produce(broker.bootstrap_servers, sent, on_progress=told.append) == 2_000
    found = received(broker.bootstrap_servers, 2_000)
    assert told == [1_000, 2_000, 2_000]
    assert all(message.partition() == (murmur2(message.key()) & 0x7FFFFFFF) % PARTITIONS for message in found)
    assert in_order((message.topic(), message.key(), message.value()) for message in found) == in_order(
        (topic, customer.encode(), value) for topic, customer, value in sent
    )


def in_order(records: Iterator[tuple[str, bytes, bytes]]) -> dict[tuple[str, bytes], list[bytes]]:
    found: dict[tuple[str, bytes], list[bytes]] = defaultdict(list)
    for topic, key, value in records:
        found[topic, key].append(value)
    return found


def test_at_a_rate_the_events_are_stamped_as_far_apart_as_it_says(broker):
    produce(broker.bootstrap_servers, events(Settings(customers=5, events=101)), rate=200)
    stamps = [message.timestamp()[1] for message in received(broker.bootstrap_servers, 101)]
    assert max(stamps) - min(stamps) >= 100 / 200 * SECOND - 1


def test_an_event_the_broker_refuses_is_named_with_its_topic(broker):
    with pytest.raises(ProduceError, match=r"topic email: .*too large"):
        produce(broker.bootstrap_servers, [("email", "c1", b"x" * 2_000_000)])


def test_a_missing_broker_is_named(monkeypatch):
    monkeypatch.setattr("agents.produce.REACH_SECONDS", 0.5)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ProduceError, match=f"{address}: no broker answers"):
            produce(address, [("email", "c1", b"{}")])


def test_the_command_sends_and_says_so(broker):
    arguments = ["--customers", "20", "--events", "150", "--bootstrap", broker.bootstrap_servers]
    result = CliRunner().invoke(simulate, arguments)
    assert result.exit_code == 0
    assert result.stdout == f"150 events of 20 customers sent to {broker.bootstrap_servers} and confirmed\n"
    assert len(received(broker.bootstrap_servers, 150)) == 150
