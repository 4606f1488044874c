"""The ground itself: each server starts, serves, survives a crash, and keeps what it promises."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import CorruptRecordException, ProducerFenced
from confluent_kafka.admin import AdminClient
from redis import Redis

from agents.embedded import EmbeddedBroker, EmbeddedBrokerError
from agents.local.kafka import KafkaServer
from agents.local.process import ServerError
from agents.local.redis import RedisServer
from tests.conftest import Broker

LOOPBACK = "127.0.0.1:"
SESAME = "open sesame"


async def produce(servers: str, topic: str, values: list[bytes], partition: int = 0) -> None:
    async with AIOKafkaProducer(bootstrap_servers=servers) as producer:
        for value in values:
            await producer.send_and_wait(topic, value, partition=partition)


async def read(servers: str, topic: str, partition: int = 0, **settings: object) -> list[bytes]:
    """Everything in a partition, up to its end when the reading begins."""
    place = TopicPartition(topic, partition)
    async with AIOKafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest", **settings) as consumer:
        consumer.assign([place])
        end = (await consumer.end_offsets([place]))[place]
        found: list[bytes] = []
        while await consumer.position(place) < end:
            batch = await consumer.getmany(place, timeout_ms=200)
            found += [record.value for records in batch.values() for record in records]
        return found


async def test_what_is_produced_is_consumed_on_both_brokers(broker: Broker, unique_topic_prefix: str) -> None:
    topic = f"{unique_topic_prefix}letters"
    broker.create_topic(topic, partitions=2)
    await produce(broker.bootstrap_servers, topic, [b"a", b"b"], partition=1)
    assert await read(broker.bootstrap_servers, topic, partition=1) == [b"a", b"b"]
    assert await read(broker.bootstrap_servers, topic, partition=0) == []


async def test_a_consumer_group_goes_on_after_what_it_committed_on_both_brokers(
    broker: Broker, unique_topic_prefix: str
) -> None:
    topic, group = f"{unique_topic_prefix}letters", f"{unique_topic_prefix}group"
    broker.create_topic(topic, partitions=1)
    await produce(broker.bootstrap_servers, topic, [b"a", b"b"])
    seen = []
    for _ in range(2):
        async with AIOKafkaConsumer(
            topic,
            bootstrap_servers=broker.bootstrap_servers,
            group_id=group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            session_timeout_ms=2_000,
            heartbeat_interval_ms=500,
        ) as consumer:
            record = await consumer.getone()
            seen.append(record.value)
            await consumer.commit({TopicPartition(topic, 0): record.offset + 1})
    assert seen == [b"a", b"b"]


@pytest.mark.parametrize("partitions", [1, 6, 12])
def test_a_topic_has_the_partitions_it_was_given_on_both_brokers(
    broker: Broker, unique_topic_prefix: str, partitions: int
) -> None:
    topic = f"{unique_topic_prefix}sized"
    broker.create_topic(topic, partitions)
    broker.create_topic(topic, partitions)
    found = AdminClient({"bootstrap.servers": broker.bootstrap_servers}).list_topics(topic, timeout=10)
    assert len(found.topics[topic].partitions) == partitions


def test_asking_for_a_topic_with_another_partition_count_is_refused_on_both_brokers(
    broker: Broker, unique_topic_prefix: str
) -> None:
    topic = f"{unique_topic_prefix}sized"
    broker.create_topic(topic, 2)
    with pytest.raises((EmbeddedBrokerError, ServerError), match="with 3 partitions"):
        broker.create_topic(topic, 3)


def test_both_brokers_listen_on_loopback_only(broker: Broker) -> None:
    assert broker.bootstrap_servers.startswith(LOOPBACK)


async def test_the_embedded_broker_forgets_everything_when_it_stops() -> None:
    broker = EmbeddedBroker()
    with broker:
        broker.create_topic("letters", 1)
        await produce(broker.bootstrap_servers, "letters", [b"a"])
    with pytest.raises(EmbeddedBrokerError, match="not started"):
        broker.create_topic("letters", 1)
    with broker:
        broker.create_topic("letters", 1)
        assert await read(broker.bootstrap_servers, "letters") == []


async def test_the_embedded_broker_takes_transactions_but_isolates_nothing(embedded_broker: EmbeddedBroker) -> None:
    embedded_broker.create_topic("letters", 1)
    servers = embedded_broker.bootstrap_servers
    async with AIOKafkaProducer(bootstrap_servers=servers, transactional_id="writer") as producer:
        await producer.begin_transaction()
        await producer.send_and_wait("letters", b"withdrawn", partition=0)
        await producer.abort_transaction()
    committed = {"isolation_level": "read_committed"}
    assert await read(servers, "letters", check_crcs=False, **committed) == [b"withdrawn"]
    with pytest.raises(CorruptRecordException):
        await read(servers, "letters", check_crcs=True, **committed)


async def test_kafka_shows_a_committed_transaction_and_hides_an_aborted_one(
    kafka_server: KafkaServer, unique_topic_prefix: str
) -> None:
    topic, servers = f"{unique_topic_prefix}letters", kafka_server.bootstrap_servers
    kafka_server.create_topic(topic, 1)
    async with AIOKafkaProducer(bootstrap_servers=servers, transactional_id=f"{unique_topic_prefix}writer") as producer:
        async with producer.transaction():
            await producer.send_and_wait(topic, b"kept", partition=0)
        await producer.begin_transaction()
        await producer.send_and_wait(topic, b"withdrawn", partition=0)
        await producer.abort_transaction()
    assert await read(servers, topic, isolation_level="read_committed") == [b"kept"]
    assert await read(servers, topic, isolation_level="read_uncommitted") == [b"kept", b"withdrawn"]


async def test_kafka_fences_the_older_of_two_transactional_producers(
    kafka_server: KafkaServer, unique_topic_prefix: str
) -> None:
    topic, servers = f"{unique_topic_prefix}letters", kafka_server.bootstrap_servers
    kafka_server.create_topic(topic, 1)
    writer = {"bootstrap_servers": servers, "transactional_id": f"{unique_topic_prefix}writer"}
    # The client leaves the futures of a fenced batch unread; asyncio would report them long after this test.
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    async with AIOKafkaProducer(**writer) as zombie, AIOKafkaProducer(**writer) as successor:
        with pytest.raises(ProducerFenced):
            async with zombie.transaction():
                await zombie.send_and_wait(topic, b"too late", partition=0)
        async with successor.transaction():
            await successor.send_and_wait(topic, b"in time", partition=0)
    assert await read(servers, topic, isolation_level="read_committed") == [b"in time"]


@pytest.mark.timeout(240)
async def test_kafka_keeps_acknowledged_records_over_a_crash(own_kafka_server: KafkaServer) -> None:
    servers = own_kafka_server.bootstrap_servers
    own_kafka_server.create_topic("letters", 1)
    await produce(servers, "letters", [b"a", b"b"])
    crashed = own_kafka_server.pid
    await asyncio.to_thread(own_kafka_server.kill)
    assert not own_kafka_server.running
    own_kafka_server.restart()
    assert own_kafka_server.pid != crashed
    assert own_kafka_server.bootstrap_servers == servers
    assert await read(servers, "letters") == [b"a", b"b"]
    await produce(servers, "letters", [b"c"])
    assert await read(servers, "letters") == [b"a", b"b", b"c"]


def test_redis_in_memory_is_empty_after_a_crash_and_the_persistent_one_is_not(redis_server: RedisServer) -> None:
    with RedisServer(persistent=True) as persistent:
        for server in (redis_server, persistent):
            with Redis.from_url(server.url) as client:
                client.set("key", "value")
            server.kill()
            server.restart()
        with Redis.from_url(redis_server.url) as client, Redis.from_url(persistent.url) as kept:
            assert client.get("key") is None
            assert kept.get("key") == b"value"


@pytest.mark.redis
def test_redis_with_a_password_asks_for_it_and_keeps_it_out_of_the_process_list(redis_server: RedisServer) -> None:
    with RedisServer(password=SESAME) as guarded:
        login, address = guarded.url.removeprefix("redis://").split("@")
        assert login == f":{SESAME}"
        with (
            Redis.from_url(f"redis://{address}") as stranger,
            pytest.raises(Exception, match=r"(?i)authenticat"),
        ):
            stranger.ping()
        assert SESAME not in " ".join(guarded.command())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a server with the process that started it")
def test_a_server_ends_with_the_process_that_started_it(redis_server: RedisServer, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from agents.local.redis import RedisServer; "
        "print(RedisServer(Path(sys.argv[1])).start().pid, flush=True); input()"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        server = int(owner.stdout.readline())
        watch = os.pidfd_open(server)
        owner.send_signal(signal.SIGKILL)
        ended = asyncio.run(_ended(watch))
        os.close(watch)
    assert ended


async def _ended(watch: int) -> bool:
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(watch, over.set)
    await asyncio.wait_for(over.wait(), 20)
    return True
