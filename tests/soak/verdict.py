"""Whether what was measured is flat: a straight line through the second half of the samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

MIB: Final = 1024 * 1024
ROWS: Final = "rows of figures"
"""Not judged: totals by campaign are kept for good, and medians have a row for each length of time met."""


class Sample(NamedTuple):
    """What was seen at one moment. ``day`` is simulated, ``seconds`` is wall time; sizes are bytes."""

    seconds: float
    day: int
    records: int
    rss: int
    live: int
    state: int
    timers: int
    changelog: int
    customer_records: int
    customer_bytes: int
    rows: int
    redis: int
    redis_keys: int


class Growth(NamedTuple):
    """One figure: its mean and its growth over the second half of the run, as a share of the mean."""

    name: str
    mean: float
    growth: float
    tolerance: float | None

    @property
    def flat(self) -> bool:
        """It does not grow by more than the tolerance, if there is one; to shrink is no fault."""
        return self.tolerance is None or self.growth <= self.tolerance


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The slope of the line of least squares through these (x, y)."""
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / spread if spread else 0.0


def growths(samples: Sequence[Sample], tolerance: float) -> list[Growth]:
    """What must be flat, judged over the second half of the simulated time.

    Raises:
        ValueError: there are too few samples to draw a line through.

    """
    end = samples[-1].day if samples else 0
    half = [sample for sample in samples if sample.day >= end / 2 and sample.live]
    if len(half) < 3:
        message = f"{len(half)} samples in the second half are too few: --minutes or --every"
        raise ValueError(message)
    figures = {
        "memory of the worker (MiB)": [s.rss / MIB for s in half],
        "live customers": [float(s.live) for s in half],
        "state per live customer (bytes)": [s.state / s.live for s in half],
        "customers with a timer, per live customer": [s.timers / s.live for s in half],
        "customers' records in the changelog, per live customer": [s.customer_records / s.live for s in half],
        "their bytes, per live customer": [s.customer_bytes / s.live for s in half],
        "changelog on disk, per live customer and row": [s.changelog / (s.live + s.rows) for s in half],
        ROWS: [float(s.rows) for s in half],
    }
    if any(s.redis for s in half):
        figures["Redis per live customer (bytes)"] = [s.redis / s.live for s in half]
        figures["Redis keys per live customer"] = [s.redis_keys / s.live for s in half]
    days = [float(sample.day) for sample in half]
    return [_growth(name, days, values, None if name == ROWS else tolerance) for name, values in figures.items()]


def _growth(name: str, days: Sequence[float], values: Sequence[float], tolerance: float | None) -> Growth:
    mean = sum(values) / len(values)
    rise = slope(list(zip(days, values, strict=True))) * (days[-1] - days[0])
    return Growth(name, mean, rise / mean if mean else 0.0, tolerance)
