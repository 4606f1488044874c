"""One run: load, faults while it is worked off, the end of the backlog, and the comparison."""

from __future__ import annotations

import heapq
import itertools
import multiprocessing
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

from agents.local import redis
from tests.chaos import outcome as compare
from tests.chaos.cluster import GROUP, ChaosKafka, Progress, produce
from tests.chaos.expected import Expected, replayed
from tests.chaos.faults import SESSION_SECONDS, Fault, Stage, plan, strike
from tests.chaos.load import PARTITIONS, Item, ends, erased, load, newest
from tests.chaos.workers import WorkerPlace

_STALLED_SECONDS: Final = 150.0
_END_SECONDS: Final = 120.0
_TICK: Final = 0.05
_LOOK: Final = 0.2
ANYTHING: Final = ("kill", "pause", "leave", "join", "broker", "cut", "freeze", "deaf")
LATE_POLICY: Final = "score: {daily_cap: {late: 400d}}\ndedup_window: 400d\n"
"""For a live run: no rule may depend on how late an event is handled."""


class Shape(NamedTuple):
    """What a run is. ``live``: half of the input comes while it runs. ``dirty``: share of events repeated or late."""

    seed: int
    events: int
    workers: int
    live: bool
    dirty: float
    store: str
    kinds: tuple[str, ...] = ANYTHING
    mutant: str | None = None
    guarantee: str = "exactly_once"


class Verdict(NamedTuple):
    """What a run came to. ``counts`` are differences by kind; ``problem`` is what else went wrong, or empty."""

    shape: Shape
    faults: list[Fault]
    records: int
    seconds: float
    counts: Counter[str]
    exits: Counter[int]
    problem: str

    @property
    def good(self) -> bool:
        """Nothing lost, doubled, different or repeated, and the run came to its end."""
        return not self.problem and not self.counts.total()


def shape(seed: int, events: int, workers: int, mode: str, mutant: str | None = None) -> Shape:
    """The run of a seed: what it is varies with the seed, so that a few runs meet all of it."""
    dice = random.Random(seed)
    live = mode == "live" or (mode == "both" and seed % 4 == 3)
    store = dice.choice(("memory", "rocksdb"))
    kinds = (*ANYTHING, *(("disk",) if store == "rocksdb" else ()), *(() if redis.missing() else ("redis",)))
    if mutant == "no_fence":
        kinds = ("pause", "freeze")
    elif mutant == "state_first":
        kinds = ("kill", "kill")
    return Shape(seed, events, workers, live, 0.0 if live or seed % 2 else 0.05, store, kinds, mutant)


def run(shape: Shape, folder: Path) -> Verdict:
    """Run it; what was found is in ``folder`` afterwards. Raises nothing that belongs to the engine."""
    begun = time.monotonic()
    items = load(shape.seed, shape.events, shape.dirty, erasures=not shape.live)
    faults = plan(random.Random(shape.seed + 1), shape.workers, list(shape.kinds))
    folder.mkdir(parents=True)
    (folder / "plan.txt").write_text("".join(f"{line}\n" for line in (shape, *faults)))
    policy = folder / "policy.yaml"
    policy.write_text(LATE_POLICY if shape.live else "{}\n")
    until = newest(items)
    findings = compare.Findings()
    stage = Stage(
        ChaosKafka(shape.workers + 1, folder / "kafka"),
        redis.RedisServer(folder / "redis") if "redis" in shape.kinds else None,
        [],
    )
    exits: Counter[int] = Counter()
    problem = ""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        replays = _replays(pool, shape, items, folder, policy, until)
        try:
            _set_up(stage, shape, folder, policy)
            _work(stage, shape, faults, items)
            _finish(stage, until)
            seen = compare.found(stage.kafka.bootstrap_servers, policy, until)
            _compare(findings, shape, seen, replays, items)
        except (TimeoutError, AssertionError, OSError) as failure:
            problem = f"{type(failure).__name__}: {failure}"
        finally:
            for place in stage.workers:
                place.wanted = False
                place.kill()
                exits += place.exits
            for proxy in stage.kafka.proxies:
                proxy.stop()
            stage.kafka.stop()
            if stage.redis is not None:
                stage.redis.stop()
    (folder / "differences.txt").write_text(problem + "\n" + findings.text())
    if shape.guarantee == "at_least_once":
        findings.counts.pop("repeated", None)
    return Verdict(shape, faults, len(items), time.monotonic() - begun, +findings.counts, exits, problem)


def _replays(
    pool: ProcessPoolExecutor, shape: Shape, items: list[Item], folder: Path, policy: Path, until: int
) -> dict[str, Future[Expected]]:
    kinds = {"whole": False} | ({"lanes": True} if shape.dirty else {})
    return {
        name: pool.submit(replayed, items, folder / "replay", policy, until, by_lane=by_lane)
        for name, by_lane in kinds.items()
    }


def _set_up(stage: Stage, shape: Shape, folder: Path, policy: Path) -> None:
    kafka = stage.kafka
    for proxy in kafka.proxies:
        proxy.start()
    kafka.start().make_topics()
    chunk = min(500, max(20, shape.events // 400))
    settings = {
        "application_id": GROUP, "clock": "event", "create_topics": False, "guarantee": shape.guarantee,
        "policy_file": policy, "store": shape.store, "chunk_records": chunk, "fetch_records": 2 * chunk,
        "buffer_records": 4 * chunk, "decoded_customers": 200, "backlog_idle_ms": 1_000, "sweep_ms": 200,
        "fetch_wait_ms": 50, "session_timeout_ms": int(SESSION_SECONDS * 1000), "heartbeat_ms": 500,
        "rebalance_timeout_ms": 15_000, "request_timeout_ms": 10_000, "commit_ms": 200,
    }  # fmt: skip
    if stage.redis is not None:
        settings["redis_url"] = stage.redis.start().url
    for number, proxy in enumerate(kafka.proxies):
        own = {**settings, "bootstrap_servers": f"127.0.0.1:{proxy.port}"}
        stage.workers.append(WorkerPlace(f"worker-{number}", own, folder, shape.mutant))


def _work(stage: Stage, shape: Shape, faults: list[Fault], items: list[Item]) -> None:
    """Produce, start the workers, and let faults strike and heal until everything is applied."""
    servers = stage.kafka.bootstrap_servers
    half = len(items) // 2 if shape.live else len(items)
    produce(servers, items[:half])
    feeder = threading.Thread(target=produce, args=(servers, items[half:], shape.events / 20), daemon=True)
    feeder.start()
    for place in stage.workers[: shape.workers]:
        place.wanted = True
    progress = Progress(servers, ends(items))
    agenda: list[tuple[float, int, Callable[[], object]]] = []
    order, waiting = itertools.count(), list(faults)
    moved_at, looked_at = time.monotonic(), 0.0
    try:
        while True:
            now = time.monotonic()
            for place in stage.workers:
                place.tend()
            while agenda and agenda[0][0] <= now:
                heapq.heappop(agenda)[2]()
                moved_at = time.monotonic()
            if now - looked_at > _LOOK and stage.kafka.running:
                before, looked_at = progress.applied, now
                if progress.look() > before:
                    moved_at = time.monotonic()
            if waiting and progress.applied >= waiting[0].mark * progress.total:
                heal = strike(waiting[0], stage)
                if heal is not None:
                    fault = waiting.pop(0)
                    heapq.heappush(agenda, (time.monotonic() + fault.seconds, next(order), heal))
            if not waiting and not agenda and not feeder.is_alive() and progress.applied >= progress.total:
                return
            if time.monotonic() - moved_at > _STALLED_SECONDS:
                message = f"{progress.applied} of {progress.total} records applied, and no more comes"
                raise TimeoutError(message)
            time.sleep(_TICK)
    finally:
        progress.close()


def _finish(stage: Stage, until: int) -> None:
    """One worker takes all lanes and runs what falls due until the end; then it stops."""
    for place in stage.workers[1:]:
        place.leave()
    last = stage.workers[0]
    last.wanted = True
    deadline = time.monotonic() + _END_SECONDS
    last.tend()
    while lacking := last.lacks(range(PARTITIONS), until):
        if time.monotonic() > deadline:
            message = f"the last worker does not come to the end: {lacking}"
            raise TimeoutError(message)
        time.sleep(_LOOK)
        last.tend()
    code = last.leave()
    assert code == 0, f"the last worker ended with {code}"


def _compare(
    findings: compare.Findings,
    shape: Shape,
    seen: compare.Outcome,
    replays: dict[str, Future[Expected]],
    items: list[Item],
) -> None:
    whole = replays["whole"].result()
    compare.compare_records(findings, seen, whole, ends(items))
    if shape.live:
        compare.compare_customers(findings, seen, whole, compare.SUMS + compare.SCORES)
        return
    exact = replays["lanes"].result() if shape.dirty else whole
    compare.compare_outputs(findings, seen, exact)
    compare.compare_customers(findings, seen, exact)
    if shape.dirty:
        compare.compare_customers(findings, seen, whole, compare.SUMS, without=erased(items))
