"""What the tests run on: the embedded broker, Apache Kafka and Redis, each on loopback and always stopped.

A test that needs a server which this machine lacks is skipped and says what is missing. With CI=true or
ENGAGE_REQUIRE_SERVERS=1 it fails instead.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import pytest
from hypothesis import settings

from agents.embedded import EmbeddedBroker
from agents.local import kafka, redis

settings.register_profile("steady", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("steady")


class Broker(Protocol):
    """What the embedded broker and Apache Kafka have in common."""

    @property
    def bootstrap_servers(self) -> str:
        """Where clients connect."""

    def create_topic(self, name: str, partitions: int, compacted: bool = False) -> None:
        """Make a topic; nothing happens when it exists with as many partitions."""


def required() -> bool:
    """Whether a missing server is a failure."""
    return os.environ.get("CI") == "true" or os.environ.get("ENGAGE_REQUIRE_SERVERS") == "1"


def need(missing: Callable[[], str | None]) -> None:
    """Skip the test, or fail it where servers are required, when something is missing."""
    lack = missing()
    if lack is None:
        return
    if required():
        pytest.fail(f"this run requires its servers, but {lack}")
    pytest.skip(lack)


@pytest.fixture
def embedded_broker() -> Iterator[EmbeddedBroker]:
    """An embedded broker of its own for the test."""
    with EmbeddedBroker() as broker:
        yield broker


@pytest.fixture(scope="session")
def kafka_server() -> Iterator[kafka.KafkaServer]:
    """Apache Kafka, one for the whole session: name topics and groups with `unique_topic_prefix`, do not kill it."""
    need(kafka.missing)
    with kafka.KafkaServer() as server:
        yield server


class KafkaStock:
    """The next test's own Apache Kafka is started while this test runs: that takes some seconds of mostly waiting."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._starter = ThreadPoolExecutor(1)  # A server ends with the thread that started it: this one stays.
        self._next: Future[kafka.KafkaServer] | None = None

    def take(self) -> kafka.KafkaServer:
        """A server that runs and that nobody used."""
        taken = self._next or self._begin()
        self._wanted -= 1
        self._next = None
        server = taken.result()
        if self._wanted > 0:
            self._next = self._begin()
        return server

    def close(self) -> None:
        """Stop what was not taken."""
        if self._next is not None:
            self._next.result().stop()
        self._starter.shutdown()

    def _begin(self) -> Future[kafka.KafkaServer]:
        return self._starter.submit(lambda: kafka.KafkaServer().start())


@pytest.fixture(scope="session")
def kafka_stock(request: pytest.FixtureRequest) -> Iterator[KafkaStock]:
    """Servers for `own_kafka_server`, as many as the tests of this session want."""
    stock = KafkaStock(sum("own_kafka_server" in getattr(item, "fixturenames", ()) for item in request.session.items))
    yield stock
    stock.close()


@pytest.fixture
def own_kafka_server(request: pytest.FixtureRequest) -> Iterator[kafka.KafkaServer]:
    """Apache Kafka of the test's own, which it may kill and restart."""
    need(kafka.missing)
    stock: KafkaStock = request.getfixturevalue("kafka_stock")
    with stock.take() as server:
        yield server


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def broker(request: pytest.FixtureRequest) -> Broker:
    """The test runs twice: on the embedded broker and on Apache Kafka."""
    found: Broker = request.getfixturevalue(f"{request.param}_{'broker' if request.param == 'embedded' else 'server'}")
    return found


@pytest.fixture
def redis_server() -> Iterator[redis.RedisServer]:
    """A Redis server of the test's own, empty, in memory; it may be killed and restarted (and is then empty again)."""
    need(redis.missing)
    with redis.RedisServer() as server:
        yield server


@pytest.fixture
def unique_topic_prefix() -> str:
    """A prefix for the names of topics, groups and transactions that no other test uses."""
    return f"t{uuid.uuid4().hex[:12]}-"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a server, so that `-m "not kafka"` leaves them out."""
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        if names & {"kafka_server", "own_kafka_server"}:
            item.add_marker(pytest.mark.kafka)
        if "redis_server" in names:
            item.add_marker(pytest.mark.redis)
