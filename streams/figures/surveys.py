"""Facts of survey answers, by the product asked about and by the customer's stage (CONTRACT 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import CsatAnswered, NpsAnswered
from schemas.times import DAY
from streams.feedback import DETRACTOR_AT_MOST, PROMOTER_AT_LEAST, SATISFIED_AT_LEAST
from streams.figures.fact import OVERALL, Fact, Slice

if TYPE_CHECKING:
    from streams.work import Work


def facts(work: Work) -> list[Fact]:
    """The facts of an answer."""
    event = work.event
    if isinstance(event, CsatAnswered):
        figures = ["answers", "satisfied"] if event.score >= SATISFIED_AT_LEAST else ["answers"]
    elif isinstance(event, NpsAnswered):
        figures = [group_of(event.score)]
    else:
        return []
    slices: tuple[Slice, ...] = (OVERALL, ("stage", work.after.stage))
    if event.product is not None:
        slices = (*slices, ("product", event.product))
    return [Fact(figure, event.occurred_at // DAY, 1, slices) for figure in figures]


def group_of(score: int) -> str:
    """Whom an answer of 0 to 10 makes."""
    if score >= PROMOTER_AT_LEAST:
        return "promoters"
    return "detractors" if score <= DETRACTOR_AT_MOST else "passives"
