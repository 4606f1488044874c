"""What the tests of a worker share: topics, records in, records out, and what a replay makes of the same records."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka import Consumer, Producer, TopicPartition

from agents.replay.reading import find_sources
from agents.replay.run import Summary, replay
from agents.settings import Settings
from agents.simulate.settings import Settings as Simulation
from agents.simulate.stream import events
from agents.worker import Worker
from schemas.policy import Policy, load
from schemas.times import format_instant
from schemas.topics import CATALOGUE, INPUTS

NOON = 1_767_268_800_000
"""2026-01-01T12:00:00Z."""


class Input(NamedTuple):
    """One record for an input topic."""

    topic: str
    key: str
    value: bytes


def event(topic: str, kind: str, customer_id: str, at: int, event_id: str, **fields: Any) -> Input:
    """An event ``at`` ms after noon."""
    body = {"event_id": event_id, "customer_id": customer_id, "occurred_at": format_instant(NOON + at), "type": kind}
    return Input(topic, customer_id, json.dumps(body | fields).encode())


def worker_settings(broker: Any, tmp_path: Path, **overrides: Any) -> Settings:
    """Settings of a worker on this broker, brisk and with topics that the test makes."""
    brisk = {
        "clock": "event", "create_topics": False, "backlog_idle_ms": 300, "sweep_ms": 100, "fetch_wait_ms": 50,
        "session_timeout_ms": 6_000, "heartbeat_ms": 500, "rebalance_timeout_ms": 10_000, "check_crcs": False,
    }  # fmt: skip
    return Settings(bootstrap_servers=broker.bootstrap_servers, data_dir=tmp_path, **{**brisk, **overrides})


def make_topics(broker: Any, settings: Settings, partitions: int = 4) -> None:
    """All topics of a worker."""
    compacted = dict.fromkeys((settings.changelog_topic, settings.kpi_rows_topic), True)
    with ThreadPoolExecutor() as side_by_side:
        for made in [
            side_by_side.submit(broker.create_topic, name, partitions, kept)
            for name, kept in {**dict.fromkeys(CATALOGUE, False), **compacted}.items()
        ]:
            made.result()


def feed(broker: Any, inputs: Iterable[Input]) -> None:
    """Produce these records and wait until the broker has them."""
    producer = Producer(
        {"bootstrap.servers": broker.bootstrap_servers, "partitioner": "murmur2_random", "linger.ms": 5}
    )
    for topic, key, value in inputs:
        producer.produce(topic, key=key, value=value)
        producer.poll(0)
    assert producer.flush(30) == 0


def records(broker: Any, *topics: str, isolated: bool = True) -> Iterator[Any]:
    """Every record of these topics up to their end."""
    consumer = Consumer({
        "bootstrap.servers": broker.bootstrap_servers, "group.id": f"reader-{time.monotonic_ns()}",
        "enable.auto.commit": False, "enable.partition.eof": True, "auto.offset.reset": "earliest",
        "isolation.level": "read_committed" if isolated else "read_uncommitted", "fetch.wait.max.ms": 20,
    })  # fmt: skip
    known = consumer.list_topics(timeout=10).topics
    waiting = {(topic, number) for topic in topics for number in known[topic].partitions}
    consumer.assign([TopicPartition(topic, number, 0) for topic, number in waiting])
    deadline = time.monotonic() + 30
    while waiting:
        assert time.monotonic() < deadline, f"no end seen of {waiting}"
        message = consumer.poll(0.5)
        if message is None:
            continue
        if message.error():
            waiting.discard((message.topic(), message.partition()))
        else:
            yield message
    consumer.close()


def emitted(broker: Any) -> list[dict[str, Any]]:
    """Every score change and trigger, as parsed, sorted by id."""
    found = [json.loads(message.value()) for message in records(broker, "score-changes", "triggers")]
    return sorted(found, key=lambda item: item["id"])


def differences(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> list[str]:
    """What one of two lists of outputs has and the other has not, in a few lines; empty when they are the same."""
    lines = []
    for sign, some, others in (("+", found, expected), ("-", expected, found)):
        known = {json.dumps(item, sort_keys=True) for item in others}
        lines += [f"{sign} {text}" for item in some if (text := json.dumps(item, sort_keys=True)) not in known]
    if not lines and len(found) != len(expected):
        lines.append(f"{len(found)} found, {len(expected)} expected")
    return lines[:10]


class Replayed(NamedTuple):
    """What a replay of the same records came to."""

    emitted: list[dict[str, Any]]
    customers: dict[str, dict[str, Any]]
    dead_letters: int
    summary: Summary


def replayed(inputs: Iterable[Input], folder: Path, policy: Policy | None = None) -> Replayed:
    """Replay these records from files."""
    source, out = folder / "in", folder / "out"
    source.mkdir(parents=True)
    lines: dict[str, list[bytes]] = {topic: [] for topic in INPUTS}
    for topic, _, value in inputs:
        lines[topic].append(value + b"\n")
    for topic, found in lines.items():
        (source / f"{topic}.jsonl").write_bytes(b"".join(found))
    summary = replay(find_sources([source]), out, policy or load(None))
    written = [*_lines(out / "score-changes.jsonl"), *_lines(out / "triggers.jsonl")]
    customers = {line["customer_id"]: line for line in _lines(out / "customers.jsonl")}
    return Replayed(sorted(written, key=lambda item: item["id"]), customers, summary.totals.dead_letters, summary)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def simulated(dirty: float = 0.0, count: int = 4_000) -> list[Input]:
    simulation = Simulation(customers=150, events=count, days=40, dirty=dirty, seed=7)
    return [Input(*found) for found in events(simulation)]


@asynccontextmanager
async def running(settings: Settings, **options: Any) -> AsyncIterator[Worker]:
    failures: list[str] = []
    async with Worker(settings, load(None), fail=failures.append, **options) as worker:
        await worker.ready(30)
        yield worker
    assert failures == []


async def idle(worker: Worker, count: int | None = None) -> None:
    """Wait until all (``count``) is handled and the lanes share the end of the backlog."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        lanes = worker.lanes
        applied = sum(offset + 1 for lane in lanes.lanes.values() for offset in lane.applied.values())
        if lanes.settled and len({lane.now for lane in lanes.lanes.values()}) == 1 and applied >= (count or 0):
            return
        await asyncio.sleep(0.05)
    message = f"the lanes do not come to the end of the backlog: {worker.lanes.status()}"
    raise AssertionError(message)


async def run_twice(broker: Any, settings: Settings, inputs: list[Input]) -> None:
    """Feed one half and run a worker to its end, then the other half with another worker."""
    half = len(inputs) // 2
    for part in (inputs[:half], inputs[half:]):
        feed(broker, part)
        async with running(settings) as worker:
            await worker.settled(40)
            await idle(worker)
