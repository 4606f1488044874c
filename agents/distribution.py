"""A histogram that takes many values at once: a backlog brings thousands of late events in one batch."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector


class _Counts:
    """Values of one set of labels, counted by bucket; the last count is of what is over every bound."""

    def __init__(self, bounds: int) -> None:
        self.total = 0.0
        self.buckets = [0] * (bounds + 1)


class Distribution(Collector):
    """Counts by bucket for each set of labels; register it like any collector.

    Args:
        name: of the metric.
        sentence: its help.
        labels: their names; a distribution without labels is shown from the start.
        bounds: upper bounds of the buckets, rising; a value on a bound is in its bucket.

    """

    def __init__(self, name: str, sentence: str, labels: Sequence[str], bounds: Sequence[float]) -> None:
        self._name = name
        self._sentence = sentence
        self._labels = tuple(labels)
        self._bounds = tuple(bounds)
        self._counts: dict[tuple[str, ...], _Counts] = {}
        if not labels:
            self.observe((), ())

    def observe(self, labels: tuple[str, ...], values: Iterable[float]) -> None:
        """Take in values of one set of labels, in the metric's unit; no values only make it shown."""
        counts = self._counts.get(labels)
        if counts is None:
            counts = self._counts[labels] = _Counts(len(self._bounds))
        bounds, buckets = self._bounds, counts.buckets
        for value in values:
            buckets[bisect_left(bounds, value)] += 1
            counts.total += value

    def describe(self) -> Iterator[HistogramMetricFamily]:
        """The family without values, for the registry."""
        yield HistogramMetricFamily(self._name, self._sentence, labels=self._labels)

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """The family with cumulative buckets, as Prometheus reads them."""
        family = HistogramMetricFamily(self._name, self._sentence, labels=self._labels)
        names = [*(str(float(bound)) for bound in self._bounds), "+Inf"]
        for labels, counts in list(self._counts.items()):
            cumulative, below = [], 0
            for name, count in zip(names, counts.buckets, strict=True):
                below += count
                cumulative.append((name, float(below)))
            family.add_metric(labels, buckets=cumulative, sum_value=counts.total)
        yield family
