"""The line of ``customers.jsonl`` of one customer (CONTRACT 10, B16-B18, B28)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from schemas.times import format_instant
from tests.oracle import facts, mail, score, value
from tests.oracle.tickets import Desk

if TYPE_CHECKING:
    from tests.oracle.customer import Customer

MAILS = ("sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed")


def stamp(at: int | None) -> str | None:
    """The instant as written, null when unknown."""
    return None if at is None else format_instant(at)


def line(customer: Customer, now: int) -> dict[str, Any]:
    """The whole line at ``now``."""
    events, policy = customer.events, customer.policy
    times = [e.at for e in events]
    desk = Desk(events, now, policy)
    held = mail.reasons(events, now, customer.fatigued, policy)
    answers = mail.in_time([e for e in events if e.action in ("support-tickets.rated", "surveys.csat")])
    nps = mail.in_time([e for e in events if e.action == "surveys.nps"])
    scores = [e.get("score") for e in answers]
    pending = [t for t in desk.tickets.values() if t.outcome == "pending"]
    return {
        "customer_id": customer.id,
        "score": score.score(events, now, policy),
        "raw": score.raw(events, now, policy),
        "level": customer.told["level"],
        "contributions": score.contributions(events, now, policy),
        "first_seen": stamp(min(times)),
        "last_seen": stamp(max(times)),
        "last_activity": stamp(max((e.at for e in events if facts.is_activity(e)), default=None)),
        "stage": customer.stage,
        "role": customer.role,
        "segments": sorted(customer.segments),
        "interests": facts.interests(events, now, policy),
        "tickets": {
            "created": len(desk.created),
            "solved": len(desk.solved),
            "escalated": len(desk.escalated),
            "reopened": len(desk.reopened),
            "fcr_confirmed": len(desk.confirmed),
            "fcr_missed": len(desk.missed),
            "fcr_pending": len(pending),
        },
        "email": {kind: len(mail.messages(events, kind)) for kind in MAILS},
        "contact": {
            "allowed": not held,
            "reasons": held,
            "next_allowed_at": stamp(mail.next_allowed(events, now, customer.fatigued, policy)) if held else None,
        },
        "value": value.view(events, policy),
        "satisfaction": {
            "csat_mean": sum(scores) / len(scores) if scores else None,
            "csat_last": scores[-1] if scores else None,
            "nps_last": nps[-1].get("score") if nps else None,
        },
    }
