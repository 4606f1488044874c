"""Tickets from the list of all events, in order of arrival (CONTRACT 3, B5-B7, B30)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.oracle.decode import Ev


@dataclass(eq=False)
class Ticket:
    """One ticket; ``created`` is its first ``created`` event, ``outcome`` is pending, confirmed, missed or None."""

    id: str
    touched: int = 0
    created: Ev | None = None
    events: list[Ev] = field(default_factory=list)
    solved: Ev | None = None
    outcome: str | None = None
    judged: Ev | None = None
    escalations: int = 0

    @property
    def product(self) -> str | None:
        """The product; null when unknown or without one."""
        return self.created.get("product") if self.created else None

    @property
    def fields(self) -> dict[str, Any]:
        """What groups its figures: product, channel and the stage of the customer at creation."""
        return {
            "product": self.product,
            "channel": self.created.get("channel") if self.created else None,
            "stage": self.created.stage_after if self.created else None,
        }


def in_time(events: list[Ev]) -> list[Ev]:
    """The events by ``occurred_at``, ties in order of arrival."""
    return sorted(events, key=lambda e: (e.at, e.seq))


def provisional(ticket: Ticket) -> bool:
    """Whether the events so far resolve the ticket on first contact."""
    order = in_time(ticket.events)
    replies = [e for e in order if e.kind == "agent_replied"]
    assignees = {e.get("assignee") for e in order if e.kind == "assigned" and e.get("assignee") is not None}
    answered = replies and any(
        e.kind == "customer_replied" and (e.at, e.seq) > (replies[0].at, replies[0].seq) for e in order
    )
    escalated = any(e.kind == "escalated" for e in order)
    return len(replies) <= 1 and len(assignees) <= 1 and not escalated and not answered


class Desk:
    """All tickets of a customer at ``now``, by going through the events in order of arrival."""

    def __init__(self, events: list[Ev], now: int, policy: dict[str, Any]) -> None:
        self.policy = policy
        self.tickets: dict[str, Ticket] = {}
        self.forgotten: list[Ticket] = []
        self.confirmed: list[tuple[Ticket, int]] = []
        self.missed: list[tuple[Ticket, Ev]] = []
        self.created: list[tuple[Ticket, Ev]] = []
        self.solved: list[tuple[Ticket, Ev]] = []
        self.escalated: list[tuple[Ticket, Ev]] = []
        self.reopened: list[tuple[Ticket, Ev]] = []
        for event in events:
            if event.topic == "support-tickets":
                self.until(event.arrived)
                self.apply(event)
        self.until(now)

    def until(self, now: int) -> None:
        """Confirm what has waited long enough, then forget what was not touched for long enough."""
        for ticket in list(self.tickets.values()):
            if ticket.outcome == "pending" and ticket.judged and due_of(ticket, self.policy) <= now:
                ticket.outcome = "confirmed"
                self.confirmed.append((ticket, due_of(ticket, self.policy)))
            if ticket.touched + self.policy["ticket_retention"] <= now:
                self.forgotten.append(self.tickets.pop(ticket.id))

    def apply(self, event: Ev) -> None:
        """Take up one event."""
        ticket = self.tickets.setdefault(event.get("ticket_id"), Ticket(event.get("ticket_id")))
        ticket.touched = event.arrived
        ticket.events.append(event)
        if event.kind == "created" and ticket.created is None:
            ticket.created = event
            self.created.append((ticket, event))
            for other in self.tickets.values():
                if other is not ticket and other.outcome == "pending" and other.judged:
                    inside = other.judged.at <= event.at < due_of(other, self.policy)
                    if other.product == ticket.product and inside:
                        self.miss(other, event)
        if event.kind == "escalated":
            ticket.escalations += 1
            self.escalated.append((ticket, event))
        if event.kind in ("solved", "closed") and ticket.solved is None:
            ticket.solved = event
            self.solved.append((ticket, event))
            if ticket.outcome is None:
                ticket.judged = event
                ticket.outcome = "pending"
                if not provisional(ticket):
                    self.miss(ticket, event)
        if event.kind == "reopened":
            self.reopened.append((ticket, event))
            if ticket.outcome == "pending":
                self.miss(ticket, event)
            ticket.solved = None

    def miss(self, ticket: Ticket, event: Ev) -> None:
        """Set the outcome missed, broken by an event."""
        ticket.outcome = "missed"
        self.missed.append((ticket, event))


def due_of(ticket: Ticket, policy: dict[str, Any]) -> int:
    """When a pending ticket is confirmed."""
    return int(ticket.judged.at + policy["fcr_window"]) if ticket.judged else 0


def first_reply_due(ticket: Ticket, policy: dict[str, Any]) -> int | None:
    """When the first-reply target passes unmet; None when it does not."""
    if ticket.created is None:
        return None
    due = int(ticket.created.at + policy["targets"]["first_reply"][ticket.created.get("priority")])
    met = any(e.kind in ("agent_replied", "solved", "closed") and e.at < due for e in ticket.events)
    return None if met else due


def resolution_due(ticket: Ticket, policy: dict[str, Any]) -> int | None:
    """When the resolution target passes unmet if nothing more happens; None when the clock stands still before."""
    if ticket.created is None:
        return None
    left = int(policy["targets"]["resolution"][ticket.created.get("priority")])
    start, waiting, solved = ticket.created.at, False, False
    clock = start
    for event in in_time(ticket.events):
        if event.at > start:
            if not waiting and not solved:
                if event.at - clock >= left:
                    return clock + left
                left -= event.at - clock
            clock = event.at
        if event.kind == "agent_replied":
            waiting = True
        if event.kind in ("customer_replied", "reopened"):
            waiting = False
        if event.kind in ("solved", "closed"):
            solved = True
        if event.kind == "reopened":
            solved = False
    return None if waiting or solved else clock + left
