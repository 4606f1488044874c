"""Satisfaction and recommendation (CONTRACT 5, B28): ``rated`` and ``csat`` count alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas import events as e
from streams.score import round6
from streams.work import part

if TYPE_CHECKING:
    from streams.state import Customer, Feedback
    from streams.work import Work

DETRACTOR_AT_MOST = 6
PROMOTER_AT_LEAST = 9
SATISFIED_AT_LEAST = 4


def fold(work: Work, event: e.TicketRated | e.CsatAnswered | e.NpsAnswered) -> None:
    """Put one answer where it belongs."""
    feedback: Feedback = part(work.after, "feedback")
    at = int(event.occurred_at)
    feedback.heard_at = at if feedback.heard_at is None else max(feedback.heard_at, at)
    if isinstance(event, e.NpsAnswered):
        feedback.nps_answers += 1
        feedback.nps_total += event.score
        if feedback.nps_at is None or at >= feedback.nps_at:
            feedback.nps, feedback.nps_at = event.score, at
    else:
        feedback.answers += 1
        feedback.total += event.score
        if feedback.last_at is None or at >= feedback.last_at:
            feedback.last, feedback.last_at = event.score, at


def view(customer: Customer) -> dict[str, object]:
    """The ``satisfaction`` of a customer's line."""
    feedback = customer.feedback
    return {
        "csat_mean": round6(feedback.total / feedback.answers) if feedback.answers else None,
        "csat_last": feedback.last,
        "nps_last": feedback.nps,
    }
