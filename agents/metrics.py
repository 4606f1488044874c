"""How a worker counts what it does: one method for each thing that happens.

The composition root makes one ``Metrics`` on its own registry; nothing here is global. Counters are raised once per
batch, after the batch is committed, so that a batch which is tried again is counted once. No label holds customer data.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector

from agents.distribution import Distribution
from agents.measures import KPI_DIMENSIONS, KPI_SERIES, LEVELS, OTHER, OUTCOMES, REASONS, STEPS, Metric
from schemas.events import EVENTS
from schemas.topics import INPUTS

Labels = TypeVar("Labels", bound=tuple[str, ...])

_LANE_GAUGES: Final = tuple(m for m in Metric if m.value.kind == "gauge" and m.value.labels == "partition")


class Metrics:
    """The worker's metrics on one registry.

    ``triggers`` are the names of the policy's rules, custom ones included: they start at 0, and when they are given any
    other name counts as ``other``.
    """

    def __init__(self, registry: CollectorRegistry, triggers: Iterable[str] = ()) -> None:
        self.registry = registry
        self._triggers = frozenset(triggers)
        self._kpis: set[tuple[str, str, str]] = set()
        self._counters: dict[Metric, Counter] = {}
        self._gauges: dict[Metric, Gauge] = {}
        self._distributions: dict[Metric, Distribution] = {}
        for metric in Metric:
            kind, name, _, names, sentence, buckets = metric.value
            labels = names.split()
            if kind == "counter":
                self._counters[metric] = Counter(name, sentence, labels, registry=registry)
            elif kind == "gauge":
                self._gauges[metric] = Gauge(name, sentence, labels, registry=registry)
            else:
                self._distributions[metric] = Distribution(name, sentence, labels, buckets)
                registry.register(self._distributions[metric])
        ProcessCollector(registry=registry)
        self._start_at_zero()

    def describe(self, version: str, policy_version: str, partitions: int, memory_limit_bytes: int = 0) -> None:
        """What this worker is; called once at start. The limit is ``agents.memory.memory_limit``; 0 is none."""
        self._gauges[Metric.BUILD].labels(version, policy_version).set(1)
        self._gauges[Metric.INPUT_PARTITIONS].set(partitions)
        self._gauges[Metric.MEMORY_LIMIT].set(memory_limit_bytes)

    def batch_applied(
        self,
        partition: int,
        *,
        records: int,
        decide_seconds: float,
        deliver_seconds: float,
        events: Mapping[tuple[str, str], int] | None = None,
        duplicates: Mapping[str, int] | None = None,
        dropped: Mapping[tuple[str, str], int] | None = None,
        dead_letters: Mapping[tuple[str, str], int] | None = None,
        mispartitioned: Mapping[str, int] | None = None,
        late: Iterable[tuple[str, float]] = (),
        score_changes: Mapping[str, int] | None = None,
        triggers: Mapping[str, int] | None = None,
        erasures: int = 0,
    ) -> None:
        """One committed batch of a lane; a chunk of timers is a batch of 0 records.

        ``events`` by (topic, type), ``dropped`` and ``dead_letters`` by (topic, reason), ``score_changes`` by level,
        ``triggers`` by rule, the rest by topic; ``late`` is (topic, seconds behind the lane) of each late event.
        """
        self._add(Metric.LANE_RECORDS, {(str(partition),): records})
        if records:
            self._distributions[Metric.BATCH_RECORDS].observe((), (records,))
        for step, seconds in zip(STEPS, (decide_seconds, deliver_seconds), strict=True):
            self._distributions[Metric.BATCH_SECONDS].observe((step,), (seconds,))
        self._add(Metric.EVENTS, events or {})
        self._add(Metric.DEAD_LETTERS, dead_letters or {})
        self._add(Metric.DROPPED, dropped or {})
        for metric, counts in (
            (Metric.DUPLICATES, duplicates),
            (Metric.MISPARTITIONED, mispartitioned),
            (Metric.SCORE_CHANGES, score_changes),
        ):
            self._add(metric, {(label,): count for label, count in (counts or {}).items()})
        for rule, count in (triggers or {}).items():
            self._counters[Metric.TRIGGERS].labels(self._rule(rule)).inc(count)
        by_topic: defaultdict[str, list[float]] = defaultdict(list)
        for topic, behind in late:
            by_topic[topic].append(behind)
        for topic, spans in by_topic.items():
            self._distributions[Metric.LATE].observe((topic,), spans)
        self._counters[Metric.ERASURES].inc(erasures)

    def timers_ran(self, delays: Iterable[float]) -> None:
        """Timers that ran while the lane was caught up: seconds each ran after it was due."""
        self._distributions[Metric.TIMER_DELAY].observe((), delays)

    def transaction(self, *, committed: bool) -> None:
        """A transaction ended."""
        self._counters[Metric.TRANSACTIONS].labels(OUTCOMES[0] if committed else OUTCOMES[1]).inc()

    def lane_lag(self, partition: int, records: Mapping[str, int], seconds: float) -> None:
        """How far a lane is behind: records by topic (newest offset less applied), wall clock less lane time."""
        for topic, count in records.items():
            self._gauges[Metric.LAG_RECORDS].labels(topic, str(partition)).set(count)
        self._set(Metric.LAG_SECONDS, partition, seconds)

    def lane_turn(self, partition: int, at: float, *, ready: bool, paused: bool) -> None:
        """A lane took a turn of its loop (at least each second): unix time in seconds, and what it is doing."""
        self._set(Metric.LANE_SEEN, partition, at)
        self._set(Metric.LANE_READY, partition, ready)
        self._set(Metric.LANE_PAUSED, partition, paused)

    def lane_state(
        self,
        partition: int,
        *,
        customers: int,
        timers: int,
        next_due: float | None,
        state_bytes: int | None = None,
        largest_bytes: int | None = None,
    ) -> None:
        """What a lane holds. ``next_due`` is unix time in seconds, None without one; bytes are None when not known."""
        self._set(Metric.CUSTOMERS, partition, customers)
        self._set(Metric.TIMERS, partition, timers)
        for metric, number in (
            (Metric.NEXT_TIMER, next_due),
            (Metric.STATE_BYTES, state_bytes),
            (Metric.LARGEST_STATE, largest_bytes),
        ):
            if number is None:
                self._forget(metric, str(partition))
            else:
                self._set(metric, partition, number)

    def lane_recovered(self, partition: int, seconds: float, customers: int) -> None:
        """A lane was restored from its changelog."""
        self._distributions[Metric.RECOVERY_SECONDS].observe((), (seconds,))
        self._counters[Metric.RECOVERED].inc(customers)
        self._set(Metric.CUSTOMERS, partition, customers)

    def lane_lost(self, partition: int) -> None:
        """Another worker has this lane now: its gauges go, so that no sum counts it twice."""
        for metric in _LANE_GAUGES:
            self._forget(metric, str(partition))
        for topic in INPUTS:
            self._forget(Metric.LAG_RECORDS, topic, str(partition))

    def view(self, *, lag_seconds: float, pending: int, written: int = 0, errors: int = 0) -> None:
        """The Redis view after a write: how stale it is, and keys written and attempts failed since the last call."""
        self._gauges[Metric.VIEW_LAG].set(lag_seconds)
        self._gauges[Metric.VIEW_PENDING].set(pending)
        self._counters[Metric.VIEW_WRITES].inc(written)
        self._counters[Metric.VIEW_ERRORS].inc(errors)

    def kpi(self, figure: str, number: float, dimension: str = "all", value: str = "") -> None:
        """One figure across customers; an unknown dimension, or a series too many, is left out and counted."""
        series = (figure, dimension, value)
        if dimension not in KPI_DIMENSIONS or (series not in self._kpis and len(self._kpis) >= KPI_SERIES):
            self._counters[Metric.KPI_LEFT_OUT].inc()
            return
        self._kpis.add(series)
        self._gauges[Metric.KPI].labels(*series).set(number)

    def forget_kpis(self) -> None:
        """Another worker shows them now."""
        for series in self._kpis:
            self._forget(Metric.KPI, *series)
        self._kpis.clear()

    def _add(self, metric: Metric, counts: Mapping[Labels, int]) -> None:
        counter = self._counters[metric]
        for labels, count in counts.items():
            counter.labels(*labels).inc(count)

    def _set(self, metric: Metric, partition: int, number: float) -> None:
        self._gauges[metric].labels(str(partition)).set(number)

    def _forget(self, metric: Metric, *labels: str) -> None:
        with suppress(KeyError):
            self._gauges[metric].remove(*labels)

    def _rule(self, name: str) -> str:
        return name if not self._triggers or name in self._triggers else OTHER

    def _start_at_zero(self) -> None:
        closed: dict[Metric, list[tuple[str, ...]]] = {
            Metric.EVENTS: [(topic, kind.action.partition(".")[2]) for topic in INPUTS for kind in EVENTS[topic]],
            Metric.DEAD_LETTERS: [(topic, reason) for topic in INPUTS for reason in REASONS],
            Metric.DUPLICATES: [(topic,) for topic in INPUTS],
            Metric.DROPPED: [(topic, "erased") for topic in INPUTS],
            Metric.MISPARTITIONED: [(topic,) for topic in INPUTS],
            Metric.SCORE_CHANGES: [(level,) for level in LEVELS],
            Metric.TRIGGERS: [(rule,) for rule in sorted(self._triggers)],
            Metric.TRANSACTIONS: [(outcome,) for outcome in OUTCOMES],
        }
        for metric, rows in closed.items():
            for labels in rows:
                self._counters[metric].labels(*labels)
        for topic in INPUTS:
            self._distributions[Metric.LATE].observe((topic,), ())
