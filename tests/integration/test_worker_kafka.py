"""Workers on Apache Kafka: transactions, crashes, and sharing the work."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from agents.lanes.surroundings import EXIT_FAILED
from agents.local import kafka
from agents.local.kafka import KafkaServer
from agents.local.process import LOOPBACK
from agents.settings import Settings
from agents.worker import Worker
from schemas.policy import load
from tests.agents.running import (
    differences,
    emitted,
    feed,
    idle,
    make_topics,
    records,
    replayed,
    running,
    simulated,
    worker_settings,
)
from tests.chaos.cluster import ChaosKafka
from tests.conftest import need

pytestmark = pytest.mark.timeout(180)


@contextmanager
def worker_process(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """``engage worker`` in a process of its own, killed at the end."""
    names = (
        "clock", "create_topics", "backlog_idle_ms", "sweep_ms", "fetch_wait_ms", "session_timeout_ms", "heartbeat_ms",
        "rebalance_timeout_ms", "data_dir", "chunk_records", "bootstrap_servers", "fetch_records", "guarantee",
        "stop_ms",
    )  # fmt: skip
    environment = {f"ENGAGE_{name.upper()}": str(getattr(settings, name)) for name in names}
    command = [sys.executable, "-m", "agents.cli", "worker", "--http-port", "0", "--log-level", "warning"]
    process = subprocess.Popen(command, env={**os.environ, **environment})
    try:
        yield process
    finally:
        process.kill()
        process.wait(20)


def changelog_length(broker: Any, settings: Settings) -> int:
    return sum(1 for _ in records(broker, settings.changelog_topic))


def wait_for_growth(broker: Any, settings: Settings, length: int, process: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + 60
    while (now := changelog_length(broker, settings)) <= length:
        assert process.poll() is None, "the worker has stopped"
        assert time.monotonic() < deadline, "the worker does nothing"
        time.sleep(0.05)
    return now


async def test_subscribers_that_read_committed_see_each_output_of_a_backlog_once(
    own_kafka_server: KafkaServer, tmp_path: Path
) -> None:
    settings = worker_settings(own_kafka_server, tmp_path, create_topics=True)
    inputs = simulated()
    async with Worker(settings, load(None)) as worker:
        feed(own_kafka_server, inputs)
        await idle(worker, len(inputs))
    expected = replayed(inputs, tmp_path / "replay")
    found = emitted(own_kafka_server)
    assert {item["id"] for item in found} == {item["id"] for item in expected.emitted}
    assert len(found) == len(expected.emitted)


@pytest.mark.parametrize("guarantee", ["exactly_once", "at_least_once"])
async def test_a_worker_killed_again_and_again_counts_nothing_twice_and_loses_nothing(
    own_kafka_server: KafkaServer, tmp_path: Path, guarantee: str
) -> None:
    settings = worker_settings(
        own_kafka_server, tmp_path, chunk_records=200, fetch_records=400, session_timeout_ms=2_000, guarantee=guarantee
    )
    make_topics(own_kafka_server, settings)
    inputs = simulated(count=12_000)
    feed(own_kafka_server, inputs)
    length = 0
    for _ in range(3):
        with worker_process(settings) as process:
            length = wait_for_growth(own_kafka_server, settings, length, process)
            process.send_signal(signal.SIGKILL)
    async with running(settings) as worker:
        await idle(worker)
        scores = {name: worker.status.customer(name) for name in {key for _, key, _ in inputs}}
    expected = replayed(inputs, tmp_path / "replay")
    found = emitted(own_kafka_server)
    if guarantee == "at_least_once":
        found = list({item["id"]: item for item in found}.values())
    assert differences(found, expected.emitted) == []
    assert {name: line["raw"] for name, line in scores.items()} == {
        name: line["raw"] for name, line in expected.customers.items()
    }


async def test_a_worker_that_was_thought_dead_adds_nothing_when_it_comes_back(
    own_kafka_server: KafkaServer, tmp_path: Path
) -> None:
    settings = worker_settings(
        own_kafka_server, tmp_path, chunk_records=100, fetch_records=200, session_timeout_ms=2_000
    )
    make_topics(own_kafka_server, settings)
    inputs = simulated(count=12_000)
    feed(own_kafka_server, inputs)
    with worker_process(settings) as sleeper:
        wait_for_growth(own_kafka_server, settings, 0, sleeper)
        sleeper.send_signal(signal.SIGSTOP)
        async with running(settings) as worker:
            await idle(worker, len(inputs))
            before = emitted(own_kafka_server)
            sleeper.send_signal(signal.SIGCONT)
            await asyncio.sleep(5)
            await idle(worker)
    assert differences(before, replayed(inputs, tmp_path / "replay").emitted) == []
    assert differences(emitted(own_kafka_server), before) == []


async def test_workers_that_come_and_go_share_the_work_and_agree_with_one(
    own_kafka_server: KafkaServer, tmp_path: Path
) -> None:
    settings = worker_settings(
        own_kafka_server, tmp_path, chunk_records=100, fetch_records=200, buffer_records=400, backlog_idle_ms=3_000
    )
    make_topics(own_kafka_server, settings)
    inputs = simulated(count=20_000)
    feed(own_kafka_server, inputs)
    async with running(settings) as first:
        with worker_process(settings) as second:
            deadline = time.monotonic() + 60
            while len(first.lanes.lanes) == 4:
                assert time.monotonic() < deadline, "the second worker gets no lanes"
                await asyncio.sleep(0.1)
            await asyncio.sleep(0.5)
            second.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(second.wait, 30) == 0
        await idle(first, len(inputs))
        assert sorted(first.lanes.lanes) == [0, 1, 2, 3]
    items = emitted(own_kafka_server)
    ids = [item["id"] for item in items]
    twice = {item for item, times in Counter(ids).items() if times > 1}
    assert [item for item in items if item["id"] in twice] == []
    changes = {item["id"] for item in replayed(inputs, tmp_path / "replay").emitted}
    assert set(ids) == changes


@pytest.mark.kafka
def test_a_worker_whose_network_is_dead_still_stops_when_it_is_asked_to(tmp_path: Path) -> None:
    need(kafka.missing)
    with ChaosKafka(1, tmp_path / "kafka") as broker:
        proxy = broker.proxies[0].start()
        settings = worker_settings(broker, tmp_path, stop_ms=1_000)
        make_topics(broker, settings)
        feed(broker, simulated())
        behind = settings.model_copy(update={"bootstrap_servers": f"{LOOPBACK}:{proxy.port}"})
        with worker_process(behind) as process:
            wait_for_growth(broker, settings, 0, process)
            proxy.freeze()
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == EXIT_FAILED
        proxy.stop()
