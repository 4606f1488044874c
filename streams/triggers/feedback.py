"""Triggers from what customers say, and when to ask them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas import events as e
from schemas.times import Instant
from streams.feedback import DETRACTOR_AT_MOST, PROMOTER_AT_LEAST

if TYPE_CHECKING:
    from streams.work import Work


def low_satisfaction(work: Work) -> None:
    """A bad rating of a ticket, or a bad answer."""
    event = work.event
    if not isinstance(event, e.TicketRated | e.CsatAnswered):
        return
    if event.score <= work.policy.triggers.low_satisfaction.at_most:
        subject = event.ticket_id if isinstance(event, e.TicketRated) else event.survey_id
        said = None if isinstance(event, e.TicketRated) else event.comment
        work.fire("low_satisfaction", subject, {"score": event.score, "of": event.action, "comment": said})


def recommendation(work: Work) -> None:
    """Someone who would, or would not, recommend."""
    event = work.event
    if not isinstance(event, e.NpsAnswered):
        return
    evidence = {"score": event.score, "comment": event.comment, "product": event.product}
    if event.score <= DETRACTOR_AT_MOST:
        work.fire("detractor", event.survey_id, evidence)
    elif event.score >= PROMOTER_AT_LEAST:
        work.fire("promoter", event.survey_id, evidence)


def feedback_due(work: Work, about: str) -> None:
    """Some time after an order or a solved ticket, and nothing was heard lately (CONTRACT B21)."""
    what, _, source = about.split(":", 2)
    if what[0] == "t":
        ticket = work.after.tickets.get(source)
        if ticket is None or not ticket.solved:
            return
    heard = work.after.feedback.heard_at
    if heard is not None and work.now - work.policy.triggers.feedback_due.quiet < heard:
        return
    after = "ticket_solved" if what[0] == "t" else "purchase"
    work.fire(
        "feedback_due",
        None,
        {
            "after": after,
            "at": Instant(int(what[1:])),
            "ticket_id": source if what[0] == "t" else None,
            "order_id": source if what[0] == "p" else None,
            "last_answer": None if heard is None else Instant(heard),
        },
    )


ON_EVENT = (
    (low_satisfaction, (e.TicketRated, e.CsatAnswered)),
    (recommendation, (e.NpsAnswered,)),
)
ON_TIMER = {"feedback_due": feedback_due}
