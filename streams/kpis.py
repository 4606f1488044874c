"""The sums behind the figures across customers: facts added up by slice and day.

Adding is exact and knows no order: the sums of two lanes, or of two days, are sums again. ``Kpis.document`` is the
content of ``kpis.json``; ``streams.figures.shape`` says what the figures of one slice look like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from schemas.times import format_day
from streams.figures.fact import OVERALL, Amount, Fact, Slice, add, cells
from streams.figures.people import STANDINGS
from streams.figures.shape import DIMENSIONS, LEADS, shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from schemas.policy import Policy

Sums: TypeAlias = "dict[str, Amount]"
"""Figure -> amount."""
RUNNING = (*STANDINGS, LEADS)
"""How figures begin that on a day are those at its end."""


class Kpis:
    """Sums of facts. ``sums`` is slice -> day (None: all days) -> figure -> amount."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.sums: dict[Slice, dict[int | None, Sums]] = {}

    def add(self, facts: Iterable[Fact]) -> None:
        """Count the facts of some decisions."""
        for fact in facts:
            for where, day in cells(fact):
                self.count(where, day, fact.figure, fact.amount)

    def merge(self, other: Kpis) -> None:
        """Count all that another has counted."""
        for where, days in other.sums.items():
            for day, sums in days.items():
                for figure, amount in sums.items():
                    self.count(where, day, figure, amount)

    def count(self, where: Slice, day: int | None, figure: str, amount: Amount) -> None:
        """Count so much more of a figure in one slice, on one day or in total (None)."""
        sums = self.sums.setdefault(where, {}).setdefault(day, {})
        sums[figure] = add(sums.get(figure, 0), amount)

    def forget(self, where: Slice, day: int | None) -> None:
        """Let go of a slice's day; the total keeps what it counted."""
        self.sums.get(where, {}).pop(day, None)

    def figures(self, where: Slice) -> Iterator[tuple[int | None, dict[str, Any]]]:
        """The figures of one slice in total (day None), then of each of its days, in order.

        Standings of a day are those at its end, also when the days before are no longer held.
        """
        days = self.sums.get(where, {})
        total = days.get(None, {})
        yield None, shape(self.policy, where, total, total)
        by_day = sorted((day, sums) for day, sums in days.items() if day is not None)
        running: Sums = {figure: amount for figure, amount in total.items() if figure.startswith(RUNNING)}
        for _, sums in by_day:
            _add_standings(running, sums, -1)
        for day, sums in by_day:
            _add_standings(running, sums, 1)
            yield day, shape(self.policy, where, sums, running)

    def document(self) -> dict[str, Any]:
        """The content of ``kpis.json``."""
        found: dict[int | None, dict[str, Any]] = {None: {}}
        for where in sorted(self.sums.keys() | {OVERALL}, key=_order):
            dimension, value = where
            for on, figures in self.figures(where):
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


def _add_standings(running: Sums, sums: Sums, times: int) -> None:
    for figure, amount in sums.items():
        if figure.startswith(RUNNING):
            running[figure] = add(running.get(figure, 0), times * amount)


def _order(where: Slice) -> tuple[str, str]:
    return where[0] or "", where[1] or ""
