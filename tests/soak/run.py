"""One soak: a broker, Redis and one worker; records at a steady rate; samples; and the comparison at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
from confluent_kafka import Producer

from agents.local.kafka import KafkaServer
from agents.local.redis import RedisServer
from agents.simulate.settings import START
from schemas.times import DAY, parse_instant
from tests.chaos import outcome as compare
from tests.chaos.cluster import GROUP, Progress
from tests.chaos.expected import replayed
from tests.chaos.load import PARTITIONS, Item, ends, erased, newest
from tests.chaos.workers import WorkerPlace
from tests.soak.load import RETENTION_DAYS, load
from tests.soak.measure import BROKER, let_tombstones_go, make_topics, sample
from tests.soak.verdict import Sample

AHEAD_DAYS: Final = 2
"""Simulated days that are sent before what came first is applied: topics may overtake one another by as much."""
_STALLED_SECONDS: Final = 120.0
_TICK: Final = 0.05
_LOOK: Final = 0.3


class Shape(NamedTuple):
    """What a soak is. ``rate`` is records a second; 0 sends all before the worker starts, and compares every field."""

    seed: int
    records: int
    rate: float
    days: int
    every: float
    store: str
    view: bool


class Soaked(NamedTuple):
    """What it came to: the samples, what differs from a replay, and what else went wrong (or nothing)."""

    samples: list[Sample]
    records: int
    customers: int
    seconds: float
    findings: compare.Findings


def run(shape: Shape, folder: Path, said: Callable[[Sample], None]) -> Soaked:
    """Run it; ``said`` is told each sample.

    Raises:
        TimeoutError: no more records are applied.
        AssertionError: the worker did not end well.

    """
    begun = time.monotonic()
    items = load(shape.seed, shape.records, shape.days)
    folder.mkdir(parents=True, exist_ok=True)
    policy = folder / "policy.yaml"
    policy.write_text(f"customer_retention: {RETENTION_DAYS}d\n")
    until = newest(items)
    samples: list[Sample] = []
    with ExitStack() as stack:
        server = stack.enter_context(KafkaServer(folder / "kafka", properties=BROKER))
        redis = stack.enter_context(RedisServer(folder / "redis")) if shape.view else None
        make_topics(server)
        place = stack.enter_context(_worker(shape, folder, policy, server, redis))

        def look(day: int, applied: int) -> None:
            found = sample(begun, day, applied, server, place, redis)
            if found is not None:
                if not samples:
                    let_tombstones_go(server)
                samples.append(found)
                said(found)

        _feed(shape, server, place, items, look)
        _finish(place, until)
        seen = compare.found(server.bootstrap_servers, policy, until)
    findings = compare.Findings()
    whole = replayed(items, folder / "replay", policy, until, by_lane=False)
    compare.compare_records(findings, seen, whole, ends(items))
    if shape.rate:
        compare.compare_customers(findings, seen, whole, compare.SUMS + compare.SCORES, without=erased(items))
    else:
        compare.compare_outputs(findings, seen, whole)
        compare.compare_customers(findings, seen, whole)
    return Soaked(samples, len(items), len(whole.customers), time.monotonic() - begun, findings)


@contextmanager
def _worker(
    shape: Shape, folder: Path, policy: Path, server: KafkaServer, redis: RedisServer | None
) -> Iterator[WorkerPlace]:
    settings: dict[str, object] = {
        "application_id": GROUP, "bootstrap_servers": server.bootstrap_servers, "clock": "event",
        "create_topics": False, "policy_file": policy, "store": shape.store, "backlog_idle_ms": 1_000,
        "fetch_wait_ms": 50, "decoded_customers": 1_000, "session_timeout_ms": 30_000, "commit_ms": 200,
    }  # fmt: skip
    if redis is not None:
        settings["redis_url"] = redis.url
    place = WorkerPlace("worker", settings, folder)
    try:
        yield place
    finally:
        place.kill()


def _feed(
    shape: Shape, server: KafkaServer, place: WorkerPlace, items: list[Item], look: Callable[[int, int], None]
) -> None:
    """Send everything at the rate, no further ahead than some simulated time, and wait until it is applied."""
    producer = Producer({
        "bootstrap.servers": server.bootstrap_servers, "enable.idempotence": True, "linger.ms": 5, "log_level": 0,
    })  # fmt: skip
    progress = Progress(server.bootstrap_servers, ends(items))
    ahead = max(1, len(items) * AHEAD_DAYS // shape.days)
    if not shape.rate:
        for item in items:
            _send(producer, item)
        assert producer.flush(300) == 0, "records were not delivered"
    sent = 0 if shape.rate else len(items)
    place.wanted = True
    begun = moved_at = time.monotonic()
    looked_at, sampled_at = 0.0, begun
    try:
        while progress.applied < progress.total:
            place.tend()
            assert not place.exits, f"the worker ended with {dict(place.exits)}"
            now = time.monotonic()
            upto = min(len(items), progress.applied + ahead, int((now - begun) * shape.rate)) if shape.rate else sent
            while sent < upto:
                _send(producer, items[sent])
                sent += 1
            producer.poll(0)
            if now - looked_at > _LOOK:
                before, looked_at = progress.applied, now
                moved_at = now if progress.look() > before or sent == before else moved_at
            if now - sampled_at > shape.every:
                sampled_at = now
                look(_day(items[max(0, progress.applied - 1)]), progress.applied)
            if now - moved_at > _STALLED_SECONDS:
                message = f"{progress.applied} of {progress.total} records applied, and no more comes"
                raise TimeoutError(message)
            time.sleep(_TICK)
        look(_day(items[-1]), progress.applied)
    finally:
        progress.close()


def _send(producer: Any, item: Item) -> None:
    while True:
        try:
            producer.produce(item.topic, item.value, item.key, partition=item.partition)
            break
        except BufferError:
            producer.poll(0.1)


def _day(item: Item) -> int:
    return int(parse_instant(orjson.loads(item.value or b"{}")["occurred_at"]) - START) // DAY


def _finish(place: WorkerPlace, until: int) -> None:
    """Wait until what falls due by the end has run, then stop the worker."""
    deadline = time.monotonic() + _STALLED_SECONDS
    while lacking := place.lacks(range(PARTITIONS), until):
        if time.monotonic() > deadline:
            message = f"the worker does not come to the end: {lacking}"
            raise TimeoutError(message)
        time.sleep(_LOOK)
    code = place.leave()
    assert code == 0, f"the worker ended with {code}"
