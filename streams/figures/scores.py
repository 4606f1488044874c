"""The mean score across customers, overall and by acquisition source (CONTRACT 7).

Scores fall as time passes, so no event tells of them: they are added up at one instant, in a replay its end, in a live
lane the end of each day. Sums and counts of two lanes add up, so the mean is that of all customers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.figures.fact import Fact
from streams.figures.people import slices_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.figures.fact import Amount, Slice
    from streams.state import Customer

SCORED, SCORES = "scored", "scores"
"""Figures: customers with a score, and the sum of their scores."""


class Scores:
    """Scores added up by slice. ``sums`` is (slice, figure) -> amount."""

    def __init__(self) -> None:
        self.sums: dict[tuple[Slice, str], int] = {}

    def add(self, customer: Customer, score: int) -> None:
        """Count a customer who has this score."""
        sums = self.sums
        for where in slices_of(customer):
            sums[where, SCORED] = sums.get((where, SCORED), 0) + 1
            sums[where, SCORES] = sums.get((where, SCORES), 0) + score

    def facts(self) -> list[Fact]:
        """The sums as facts that count in the total only."""
        return [Fact(figure, None, amount, (where,)) for (where, figure), amount in self.sums.items()]


def mean_score(sums: Mapping[str, Amount]) -> float | None:
    """The mean of the scores that were added up, to 6 decimals; None of nobody."""
    scored = sums.get(SCORED, 0)
    return round(int(sums.get(SCORES, 0)) / int(scored), 6) if scored else None
