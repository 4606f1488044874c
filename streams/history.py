"""Score history: the score at the end of each of the last 35 days (CONTRACT 5), one byte a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.times import DAY, day_of
from streams import score

if TYPE_CHECKING:
    from streams.plan import Scoring
    from streams.state import Customer

DAYS = 35


def extend(customer: Customer, now: int, plan: Scoring) -> bytes:
    """The scores at the end of each day up to yesterday, the latest last; days before the first event are left out.

    A day's figure is the score over the events known when the day was over; a late event does not rewrite it.
    """
    today, last = day_of(now), day_of(customer.now)
    if today == last:
        return customer.history
    first = max(last, today - DAYS)
    ends = score.scores_at_ends(customer.points, range(first, today), plan)
    return (customer.history + ends)[-DAYS:]


def read(customer: Customer, now: int, plan: Scoring) -> list[tuple[int, int]]:
    """(day number, score at its end) of the last days up to yesterday, the earliest first."""
    scores = extend(customer, now, plan)
    first = day_of(max(now, customer.now)) - len(scores)
    return [(first + number, value) for number, value in enumerate(scores)]


def score_at_end(customer: Customer, day: int, plan: Scoring) -> int | None:
    """The score at the end of a day that is over; None when the customer was not known then, or it is too long ago."""
    last = day_of(customer.now)
    if day >= last:
        return score.score_at(customer.points, (day + 1) * DAY - 1, plan)
    place = len(customer.history) - (last - day)
    return customer.history[place] if place >= 0 else None
