"""The insides of Faust and aiokafka that the transport leans on: an upgrade that moves them fails here first."""

from __future__ import annotations

import inspect
from importlib.metadata import version
from pathlib import Path

import aiokafka
import faust
import pytest
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.consumer.subscription_state import TopicPartitionState
from aiokafka.producer.message_accumulator import BatchBuilder
from faust.app.base import App
from faust.tables.recovery import Recovery
from faust.transport.consumer import Consumer as AnyConsumer
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from faust.types import TP
from prometheus_client import CollectorRegistry

from agents.app import EngageApp, create_app
from agents.metrics import Metrics
from agents.settings import Settings
from agents.topics import Ground
from agents.transport.chunks import Chunk, ChunkSchema
from agents.transport.consumer import ChunkConsumer, ChunkConsumerThread, ChunkTransport
from schemas.policy import load
from schemas.topics import INPUTS


def body(thing: object) -> str:
    return inspect.getsource(thing)  # type: ignore[arg-type]


@pytest.fixture
def app(tmp_path: Path) -> EngageApp:
    settings = Settings(data_dir=tmp_path, application_id="ground")
    return create_app(settings, load(None), Metrics(CollectorRegistry()), Ground(4, "exactly_once"))


def test_the_pinned_faust_is_the_one_that_was_read() -> None:
    assert version("faust-streaming") == "0.15.3"
    assert version("aiokafka").startswith("0.14.")


def test_the_app_asks_new_transport_for_its_transport(app: EngageApp) -> None:
    assert "self._new_transport()" in body(App.transport.fget)
    assert isinstance(app.transport, ChunkTransport)


def test_the_transport_makes_its_consumer_from_the_class_attribute() -> None:
    assert Transport.Consumer is Consumer
    assert ChunkTransport.Consumer is ChunkConsumer


def test_the_drain_loop_reads_tp_and_message_from_getmany() -> None:
    source = body(AnyConsumer._drain_messages)
    assert "getmany(timeout=1.0)" in source
    assert "async for tp, message in ait" in source
    assert "offset >= r_offset" in source


def test_recovery_without_tables_resumes_through_the_two_methods_that_are_silenced() -> None:
    source = body(Recovery)
    assert "consumer.resume_partitions(" in source
    assert "consumer.perform_seek()" in source
    assert "if not self.tables" in source


def test_offsets_reach_the_group_through_force_commit_alone() -> None:
    source = body(AnyConsumer)
    assert "return await self.force_commit(" in source
    assert "await self.commit()" in source


def test_revocation_ends_in_the_signal_that_the_lanes_listen_to(app: EngageApp) -> None:
    assert "self.on_partitions_revoked.send)(revoked)" in body(App._on_partitions_revoked)
    assert "self.on_partitions_assigned.send)(assigned)" in body(App._on_partitions_assigned)
    assert not app.tables


def test_the_generation_is_known_before_partitions_are_handed_out() -> None:
    source = body(Consumer.RebalanceListener.on_partitions_assigned)
    assert source.index("consumer_generation_id = generation") < source.index("self._thread.on_partitions_assigned")


def test_the_aiokafka_consumer_keeps_what_is_set_on_it_until_it_starts(app: EngageApp) -> None:
    source = body(aiokafka.AIOKafkaConsumer.start)
    for name in ("_partition_assignment_strategy", "_fetch_max_wait_ms", "_isolation_level"):
        assert f"self.{name}" in source


async def test_the_consumer_takes_faust_s_assignor_without_a_table_and_reads_only_what_is_committed(
    app: EngageApp,
) -> None:
    import asyncio

    thread = app.consumer._thread
    assert isinstance(thread, ChunkConsumerThread)
    assert issubclass(ChunkConsumerThread, AIOKafkaConsumerThread)
    consumer = thread._create_consumer(asyncio.get_running_loop())
    assert consumer._partition_assignment_strategy == [app.assignor]
    assert consumer._isolation_level == "read_committed"


def test_a_position_carries_highwater_stable_offset_and_the_time_of_the_last_answer() -> None:
    source = body(TopicPartitionState.__init__)
    for name in ("highwater", "lso", "timestamp"):
        assert f"self.{name}" in source
    assert "tp_state.timestamp = now_ms" in body(Fetcher._proc_fetch_request)


def test_an_empty_set_of_partitions_means_all_of_them_so_it_is_never_passed() -> None:
    assert "if partitions and tp not in partitions" in body(Fetcher.fetched_records)
    assert "if not active:" in body(ChunkConsumer._fetch)


def test_a_batch_that_is_full_says_so_and_takes_at_least_one_record() -> None:
    builder = BatchBuilder(100, 0)
    assert builder.append(timestamp=1, key=b"k", value=b"v" * 1_000) is not None
    assert builder.append(timestamp=1, key=b"k", value=b"v" * 1_000) is None


def test_chunks_pass_the_schema_as_they_are(app: EngageApp) -> None:
    chunk = Chunk("email", 0, 1, ())
    message = type("Message", (), {"value": chunk, "key": b"k"})
    assert ChunkSchema().loads_value(app, message) is chunk
    assert ChunkSchema().loads_key(app, message) is None


def test_no_input_topic_is_acknowledged_by_faust(app: EngageApp) -> None:
    topics = [agent.channel for agent in app.agents.values()]
    assert sorted(topic.get_topic_name() for topic in topics) == sorted(INPUTS)
    assert not any(topic.acks for topic in topics)


async def test_messages_can_be_given_a_chunk_as_their_value(app: EngageApp) -> None:
    record = type("Record", (), dict.fromkeys(
        ("timestamp", "timestamp_type", "headers", "key", "value", "checksum", "serialized_key_size",
         "serialized_value_size")) | {"topic": "email", "partition": 3, "offset": 9})  # fmt: skip
    message = app.consumer._chunk_message(TP("email", 3), [record, record], 5)
    assert message.offset == 9
    assert message.value == Chunk("email", 3, 5, [record, record])


def test_a_fresh_app_is_made_each_time(tmp_path: Path, app: EngageApp) -> None:
    settings = Settings(data_dir=tmp_path, application_id="ground")
    other = create_app(settings, load(None), Metrics(CollectorRegistry()), Ground(4, "exactly_once"))
    assert other is not app
    assert isinstance(other, faust.App)
