"""The sums behind the figures across customers: facts added up by slice and day.

Adding is exact and knows no order: the sums of two lanes, or of two days, are sums again. ``Kpis.document`` is the
content of ``kpis.json``; ``streams.figures.shape`` says what the figures of one slice look like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from schemas.times import format_day
from streams.figures.fact import DISTINCT, OVERALL, Amount, Fact, Slice, add
from streams.figures.people import SOURCE, STANDINGS, source_of
from streams.figures.shape import DIMENSIONS, LEADS, shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from schemas.policy import Policy
    from streams.state import Customer

Sums: TypeAlias = "dict[str, Amount]"
"""Figure -> amount."""
Cell: TypeAlias = "tuple[Slice, int | None]"
"""A slice on a day; None is all days."""
_RUNNING = (*STANDINGS, LEADS)


class Kpis:
    """Sums of facts. ``sums`` is slice -> day (None: all days) -> figure -> amount."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.sums: dict[Slice, dict[int | None, Sums]] = {}

    def add(self, facts: Iterable[Fact]) -> set[Cell]:
        """Count the facts of some decisions; returns the cells that changed."""
        changed: set[Cell] = set()
        for figure, day, amount, slices in facts:
            days = (day,) if day is None or figure in DISTINCT else (day, None)
            for where in slices:
                for on in days:
                    self._count(where, on, figure, amount)
                    changed.add((where, on))
        return changed

    def merge(self, other: Kpis) -> None:
        """Count all that another has counted."""
        for where, days in other.sums.items():
            for on, sums in days.items():
                for figure, amount in sums.items():
                    self._count(where, on, figure, amount)

    def _count(self, where: Slice, on: int | None, figure: str, amount: Amount) -> None:
        sums = self.sums.setdefault(where, {}).setdefault(on, {})
        sums[figure] = add(sums.get(figure, 0), amount)

    def figures(self, where: Slice) -> Iterator[tuple[int | None, dict[str, Any]]]:
        """The figures of one slice in total (day None), then of each of its days, in order.

        Standings of a day are those at its end.
        """
        days = self.sums.get(where, {})
        total = days.get(None, {})
        yield None, shape(self.policy, where, total, total)
        running: Sums = {}
        for on, sums in sorted((on, sums) for on, sums in days.items() if on is not None):
            for figure, amount in sums.items():
                if figure.startswith(_RUNNING):
                    running[figure] = add(running.get(figure, 0), amount)
            yield on, shape(self.policy, where, sums, running)

    def document(self, mean_scores: Mapping[str, float] | None = None) -> dict[str, Any]:
        """The content of ``kpis.json``; ``mean_scores`` is by acquisition source, for the total."""
        found: dict[int | None, dict[str, Any]] = {None: {}}
        for where in sorted(self.sums.keys() | {OVERALL}, key=_order):
            dimension, value = where
            for on, figures in self.figures(where):
                if dimension == SOURCE:
                    figures["mean_score"] = (mean_scores or {}).get(str(value)) if on is None else None
                at = found.setdefault(on, {})
                if dimension is None:
                    at["overall"] = figures
                else:
                    at.setdefault(dimension, {})[value] = figures
        whole = {on: self._with_by(by) for on, by in found.items()}
        return {
            "total": whole[None],
            "by_day": {format_day(on): whole[on] for on in sorted(on for on in whole if on is not None)},
        }

    def _with_by(self, found: dict[str, Any]) -> dict[str, Any]:
        overall = found.get("overall") or shape(self.policy, OVERALL, {}, {})
        return {**overall, "by": {dimension: found.get(dimension, {}) for dimension in DIMENSIONS}}


def mean_scores(scored: Iterable[tuple[Customer, int]]) -> dict[str, float]:
    """The mean score by acquisition source, of customers with their scores."""
    totals: dict[str, list[int]] = {}
    for customer, score in scored:
        source = source_of(customer)
        if source is not None:
            totals.setdefault(source, []).append(score)
    return {source: round(sum(scores) / len(scores), 6) for source, scores in totals.items()}


def _order(where: Slice) -> tuple[str, str]:
    return where[0] or "", where[1] or ""
