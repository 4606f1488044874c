"""The two that are measured, each in a process of its own: a worker, and a plain loop."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any, Final, NamedTuple

import uvloop
from confluent_kafka import Consumer, Producer, TopicPartition

from agents.changelog import CUSTOMER
from agents.collector import collect_garbage_rarely
from agents.settings import Guarantee, Settings
from agents.worker import Worker
from schemas.deadletters import DeadLetter
from schemas.decode import check_key, decode
from schemas.outputs import envelope, key
from schemas.policy import Policy, load, merge
from schemas.topics import INPUTS
from streams import measures
from streams.figures.fact import Fact
from streams.lane import Lane, Memory
from streams.work import Work
from tests.bench.memory import peak_bytes

_BATCH: Final = 5_000
_POLL_SECONDS: Final = 0.02


class Measure(NamedTuple):
    """From first to last record: wall and CPU seconds of the process, its peak memory in bytes, records that left."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    records: int


class Sized(NamedTuple):
    """A measure, and the bytes of each customer's encoded state."""

    measure: Measure
    sizes: tuple[int, ...]


class _Stopwatch:
    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def stop(self, records: int) -> Measure:
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        return Measure(wall, cpu, peak_bytes(), records)


def engine(
    bootstrap_servers: str,
    total: int,
    partitions: int,
    handled: Synchronized[int],
    answer: Connection,
    guarantee: Guarantee = "at_least_once",
) -> None:
    """Run one worker over ``total`` records; send its measure."""
    collect_garbage_rarely()
    logging.getLogger("agents").setLevel(logging.ERROR)
    uvloop.run(_engine(bootstrap_servers, total, partitions, handled, answer, guarantee, load(None)))


def engine_exactly_once(*arguments: Any) -> None:
    """Run one worker with a transaction for each chunk; needs a broker that has them."""
    engine(*arguments, guarantee="exactly_once")


def engine_under(
    bootstrap_servers: str,
    total: int,
    partitions: int,
    handled: Synchronized[int],
    answer: Connection,
    policy: Mapping[str, Any],
    figures: bool = True,
) -> None:
    """Run one worker under a policy; send its measure with the sizes of its customers.

    Without ``figures`` nothing is counted across customers.
    """
    collect_garbage_rarely()
    if not figures:
        measures.measure = _nothing
    uvloop.run(
        _engine(bootstrap_servers, total, partitions, handled, answer, "at_least_once", merge(policy), sized=True)
    )


def _nothing(_work: Work) -> tuple[Fact, ...]:
    return ()


async def _engine(
    bootstrap_servers: str,
    total: int,
    partitions: int,
    handled: Any,
    answer: Connection,
    guarantee: Guarantee,
    policy: Policy,
    sized: bool = False,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            bootstrap_servers=bootstrap_servers, application_id="bench", clock="event", create_topics=False,
            check_crcs=False, data_dir=Path(folder), guarantee=guarantee, partitions=partitions,
        )  # fmt: skip
        async with Worker(settings, policy) as worker:
            await worker.ready(60)
            answer.send("ready")
            stopwatch = None
            while handled.value < total:
                await asyncio.sleep(_POLL_SECONDS)
                done = sum(offset + 1 for lane in worker.lanes.lanes.values() for offset in lane.applied.values())
                if stopwatch is None and worker.lanes.lag():
                    stopwatch = _Stopwatch()
                handled.value = done
            assert stopwatch is not None
            found = stopwatch.stop(worker.lanes.emitted)
            stores = [lane.customers.store for lane in worker.lanes.lanes.values()]
            sizes = [len(value) for store in stores for key, value in store.items() if key[:1] == CUSTOMER]
            answer.send(Sized(found, tuple(sizes)) if sized else found)


def loop(bootstrap_servers: str, total: int, partitions: int, handled: Any, answer: Connection) -> None:
    """Run a plain loop over ``total`` records; send its measure."""
    collect_garbage_rarely()
    consumer = Consumer({
        "bootstrap.servers": bootstrap_servers, "group.id": "bench-loop", "enable.auto.commit": False,
        "auto.offset.reset": "earliest", "check.crcs": False,
    })  # fmt: skip
    consumer.assign([TopicPartition(topic, number, 0) for topic in INPUTS for number in range(partitions)])
    producer = Producer({"bootstrap.servers": bootstrap_servers, "linger.ms": 20, "acks": "all"})
    lane = Lane(Memory(), load(None))
    answer.send("ready")
    stopwatch, records = None, 0
    while handled.value < total:
        messages = consumer.consume(_BATCH, timeout=0.1)
        if messages and stopwatch is None:
            stopwatch = _Stopwatch()
        for message in messages:
            event = decode(message.topic(), message.value())
            if not isinstance(event, DeadLetter) and check_key(event, message.key()) is None:
                lane.feed(event)
        changes = lane.take()
        for emission in changes.emissions:
            producer.produce(emission.topic, key=key(emission), value=envelope(emission))
        records += len(changes.emissions)
        producer.flush()
        handled.value += len(messages)
    assert stopwatch is not None
    answer.send(stopwatch.stop(records))
    consumer.close()
