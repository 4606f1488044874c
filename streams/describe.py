"""A customer as a line of ``customers.jsonl`` (CONTRACT 10): every field by its own function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from schemas.times import Instant
from streams import browsing, contact, feedback, mail, score, value
from streams.plan import plan_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemas.policy import Policy
    from streams.plan import Plan
    from streams.state import Customer


def _contributions(customer: Customer, now: int, plan: Plan) -> list[dict[str, Any]]:
    return [
        {"action": action, "points": points}
        for action, points in score.contributions(customer.points, now, plan.scoring)
    ]


def _raw(customer: Customer, now: int, plan: Plan) -> float:
    return score.raw_at(customer.points, now, plan.scoring)


def _tickets(customer: Customer, _now: int, _plan: Plan) -> dict[str, int]:
    support = customer.support
    pending = sum(1 for ticket in customer.tickets.values() if ticket.outcome == "pending")
    return {
        "created": support.created,
        "solved": support.solved,
        "escalated": support.escalated,
        "reopened": support.reopened,
        "fcr_confirmed": support.fcr_confirmed,
        "fcr_missed": support.fcr_missed,
        "fcr_pending": pending,
    }


def _contact(customer: Customer, now: int, plan: Plan) -> dict[str, Any]:
    allowed, reasons, free = contact.allowance(customer, now, plan.policy)
    return {"allowed": allowed, "reasons": list(reasons), "next_allowed_at": None if free is None else Instant(free)}


FIELDS: dict[str, Callable[[Customer, int, Plan], Any]] = {
    "customer_id": lambda customer, _now, _plan: customer.customer_id,
    "score": lambda customer, now, plan: score.score_at(customer.points, now, plan.scoring),
    "raw": _raw,
    "level": lambda customer, _now, _plan: customer.level,
    "contributions": _contributions,
    "first_seen": lambda customer, _now, _plan: Instant(customer.first_seen),
    "last_seen": lambda customer, _now, _plan: Instant(customer.last_seen),
    "last_activity": lambda customer, _now, _plan: (
        None if customer.last_activity is None else Instant(customer.last_activity)
    ),
    "stage": lambda customer, _now, _plan: customer.stage,
    "role": lambda customer, _now, _plan: customer.role,
    "segments": lambda customer, _now, _plan: list(customer.segments),
    "interests": lambda customer, now, plan: browsing.interests(customer, now, plan.scoring),
    "tickets": _tickets,
    "email": lambda customer, _now, _plan: mail.as_counts(customer.mail),
    "contact": _contact,
    "value": lambda customer, _now, plan: value.view(customer, plan.policy),
    "satisfaction": lambda customer, _now, _plan: feedback.view(customer),
}
"""Name of a field -> what it is for a customer at ``now`` (ms)."""

PARTS: dict[tuple[str, ...], Callable[[Customer, int, Plan], Any]] = {
    ("contact", "allowed"): lambda customer, now, plan: not contact.reasons_at(customer, now, plan.policy),
    ("contact", "reasons"): lambda customer, now, plan: list(contact.reasons_at(customer, now, plan.policy)),
    ("value", "revenue"): lambda customer, _now, plan: value.money_text(value.revenue(customer, plan.policy.currency)),
}
"""Parts of a field that are had for less than the whole of it: conditions ask for them at every event."""


def customer_line(customer: Customer, now: int, policy: Policy) -> dict[str, Any]:
    """The customer at ``now``; instants are ``Instant``, money is text; ``schemas.outputs.plain`` writes both."""
    plan = plan_of(policy)
    return {name: field(customer, now, plan) for name, field in FIELDS.items()}
