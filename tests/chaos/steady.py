"""Load at a steady rate on Apache Kafka, and workers with the settings of production on it."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, Self

from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from schemas.times import format_instant
from schemas.topics import CATALOGUE
from tests.chaos import outcome as compare
from tests.chaos.cluster import CHANGELOG, GROUP, ChaosKafka, Progress, produce
from tests.chaos.expected import replayed
from tests.chaos.load import PARTITIONS, Item, ends, load
from tests.chaos.run import LATE_POLICY
from tests.chaos.workers import WorkerPlace

_LANES: Final = {str(number) for number in range(PARTITIONS)}
_START_SECONDS: Final = 120.0
_LOOK: Final = 0.1
_OCCURRED: Final = re.compile(rb'"occurred_at":"[^"]*"')


def dated(items: list[Item], begin: int, rate: float) -> list[Item]:
    """The items as if each occurred when it is sent: from ``begin`` (ms) on, ``rate`` a second."""
    found = []
    for number, item in enumerate(items):
        at = format_instant(begin + int(number * 1000 / rate))  # type: ignore[arg-type]
        value = item.value and _OCCURRED.sub(b'"occurred_at":"%s"' % at.encode(), item.value)
        found.append(item._replace(value=value))
    return found


class Feeder:
    """Sends items at a steady rate from ``start`` to ``stop`` or to the last one; what cannot be sent yet waits."""

    def __init__(self, servers: str, items: list[Item], rate: float) -> None:
        self._items = items
        self._rate = rate
        self._begun = 0.0
        self._sent = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=produce, args=(servers, self._due(), rate), daemon=True)

    def start(self) -> Self:
        """Begin."""
        self._begun = time.monotonic()
        self._thread.start()
        return self

    def stop(self) -> list[Item]:
        """Send no more, wait until all is on the broker, and return what was sent."""
        self._ended.set()
        self._thread.join()
        return self._items[: self._sent]

    @property
    def sending(self) -> bool:
        """Whether more is to come."""
        return self._thread.is_alive()

    @property
    def offered(self) -> int:
        """Records that producers have had so far, whether or not the broker could take them."""
        most = self._sent if self._ended.is_set() else len(self._items)
        return min(most, int((time.monotonic() - self._begun) * self._rate))

    def _due(self) -> Iterator[Item]:
        for item in self._items:
            if self._ended.is_set():
                return
            yield item
            self._sent += 1


class Field:
    """A broker, workers and what came of them; ``settings`` are laid over the defaults of a worker."""

    def __init__(self, folder: Path, workers: int, settings: Mapping[str, object]) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._policy = folder / "policy.yaml"
        self._policy.write_text(LATE_POLICY)
        self.kafka = ChaosKafka(0, folder / "kafka")
        self._settings = {
            "application_id": GROUP, "create_topics": False, "policy_file": self._policy, "commit_ms": 200,
            "bootstrap_servers": self.kafka.bootstrap_servers, **settings,
        }  # fmt: skip
        self.workers = [WorkerPlace(f"worker-{number}", self._settings, folder) for number in range(workers)]

    def __enter__(self) -> Self:
        try:
            self.kafka.start().make_topics()
            _stamp_at_append(self.kafka.bootstrap_servers)
            for place in self.workers:
                place.wanted = True
            self.await_ready()
            for place in self.workers:
                place.exits.clear()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        for place in self.workers:
            place.wanted = False
            place.kill()
        self.kafka.stop()

    def tend(self) -> None:
        """Start workers that ended, as a supervisor would."""
        for place in self.workers:
            place.tend()

    def await_ready(self, *places: WorkerPlace) -> None:
        """Wait until all lanes are ready, and each of ``places`` (or all workers) has one. Raises TimeoutError."""
        deadline = time.monotonic() + _START_SECONDS
        while True:
            self.tend()
            held = [place.ready_lanes() for place in self.workers]
            if set().union(*held) == _LANES and all(
                lanes for place, lanes in zip(self.workers, held, strict=True) if not places or place in places
            ):
                return
            if time.monotonic() > deadline:
                message = f"lanes ready by worker: {held}"
                raise TimeoutError(message)
            time.sleep(_LOOK)

    def await_applied(self, items: list[Item]) -> None:
        """Wait until the workers have applied all of these. Raises TimeoutError."""
        progress = Progress(self.kafka.bootstrap_servers, ends(items))
        deadline = time.monotonic() + _START_SECONDS
        try:
            while progress.look() < progress.total:
                self.tend()
                if time.monotonic() > deadline:
                    message = f"{progress.applied} of {progress.total} records applied"
                    raise TimeoutError(message)
                time.sleep(_LOOK)
        finally:
            progress.close()

    def judge(self, items: list[Item], until: int) -> compare.Findings:
        """Stop all workers, and hold what they leave against a replay; customers as they are at ``until`` (ms)."""
        for place in self.workers:
            code = place.leave()
            assert code == 0, f"{place.name} ended with {code}"
        findings = compare.Findings()
        seen = compare.found(self.kafka.bootstrap_servers, self._policy, until)
        expected = replayed(items, self._folder / "replay", self._policy, until, by_lane=False)
        compare.compare_records(findings, seen, expected, ends(items))
        compare.compare_customers(findings, seen, expected, compare.SUMS + compare.SCORES)
        (self._folder / "differences.txt").write_text(findings.text())
        return findings

    @property
    def exits(self) -> str:
        """Ends of workers that nobody asked for, as ``70x2``; ``none`` when there were none."""
        codes = sorted(itertools.chain.from_iterable(place.exits.elements() for place in self.workers))
        return " ".join(f"{code}x{len(list(same))}" for code, same in itertools.groupby(codes)) or "none"


def clean(seed: int, count: int) -> list[Item]:
    """``count`` records, as many as a run can need; erasures would make customers depend on the order of topics."""
    return load(seed, count, 0.0, erasures=False)[:count]


def wait(seconds: float, tend: Callable[[], object]) -> None:
    """Let so many seconds pass, looking after things meanwhile."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        tend()
        time.sleep(_LOOK)


def _stamp_at_append(servers: str) -> None:
    """Have the broker date each record when it appends it."""
    entry = ConfigEntry("message.timestamp.type", "LogAppendTime", incremental_operation=AlterConfigOpType.SET)
    wanted = [ConfigResource(ResourceType.TOPIC, name, incremental_configs=[entry]) for name in (*CATALOGUE, CHANGELOG)]
    admin = AdminClient({"bootstrap.servers": servers, "log_level": 0})
    for done in admin.incremental_alter_configs(wanted).values():
        done.result(30)
