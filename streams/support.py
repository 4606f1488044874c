"""Support tickets: what is known of each, their resolution clock and first-contact resolution (CONTRACT 3)."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from schemas import events as e
from schemas.times import Instant
from streams import resolution
from streams.state import Ticket
from streams.work import part

if TYPE_CHECKING:
    from schemas.policy import Policy
    from streams.state import Customer
    from streams.work import Work

ASSIGNEES_KEPT = 8


def fold(work: Work, event: e.TicketEvent) -> None:
    """Put one ticket event where it belongs."""
    customer = work.after
    ticket = copy(customer.tickets.get(event.ticket_id)) or Ticket(touched=work.now, stage=customer.stage)
    ticket.touched = work.now
    customer.tickets = {**customer.tickets, event.ticket_id: ticket}
    support = part(customer, "support")
    match event:
        case e.TicketCreated():
            _created(work, ticket, event)
        case e.TicketAgentReplied():
            ticket.replies += 1
            at = int(event.occurred_at)
            resolution.note(ticket, at, resolution.AGENT)
            ticket.first_reply_at = at if ticket.first_reply_at is None else min(ticket.first_reply_at, at)
        case e.TicketCustomerReplied():
            at = int(event.occurred_at)
            resolution.note(ticket, at, resolution.CUSTOMER)
            ticket.last_customer_reply_at = max(ticket.last_customer_reply_at or at, at)
        case e.TicketAssigned():
            who = event.assignee
            if who is not None and who not in ticket.assignees and len(ticket.assignees) < ASSIGNEES_KEPT:
                ticket.assignees = (*ticket.assignees, who)
        case e.TicketEscalated():
            ticket.escalations += 1
            support.escalated += 1
        case e.TicketSolved() | e.TicketClosed():
            _solved(work, ticket, event)
        case e.TicketReopened():
            ticket.reopens += 1
            support.reopened += 1
            _reopened(work, ticket, event)
        case _:
            pass
    _retime(work, event.ticket_id, ticket)


def _created(work: Work, ticket: Ticket, event: e.TicketCreated) -> None:
    if ticket.created_at is not None:
        return
    ticket.created_at = int(event.occurred_at)
    ticket.channel = event.channel
    ticket.product = event.product
    ticket.priority = event.priority or "normal"
    ticket.stage = work.after.stage
    work.after.support.created += 1
    for other_id, other in work.after.tickets.items():
        if (
            other.outcome == "pending"
            and other_id != event.ticket_id
            and other.product == event.product
            and other.solved_at is not None
            and other.solved_at <= event.occurred_at < other.solved_at + work.policy.fcr_window
        ):
            missed = copy(other)
            work.after.tickets = {**work.after.tickets, other_id: missed}
            miss(work, other_id, missed, "new_ticket", {"new_ticket": event.ticket_id})


def broken_by(ticket: Ticket) -> str | None:
    """Why a ticket being solved for the first time is not resolved on first contact, or None when it provisionally is.

    A ``reopened`` that came before it was ever solved judges nothing (CONTRACT B5).
    """
    if ticket.escalations:
        return "escalated"
    if ticket.replies > 1:
        return "several_replies"
    if len(ticket.assignees) > 1:
        return "several_assignees"
    first, last = ticket.first_reply_at, ticket.last_customer_reply_at
    if first is not None and last is not None and (last > first or (last == first and _answered_at(ticket, first))):
        return "customer_replied_again"
    return None


def _answered_at(ticket: Ticket, at: int) -> bool:
    """Whether at this instant a customer's reply came after an agent's: what occurs at once is in order of arrival."""
    moves = [move for moved_at, move in ticket.log if moved_at == at]
    return resolution.AGENT in moves and resolution.CUSTOMER in moves[moves.index(resolution.AGENT) :]


def _solved(work: Work, ticket: Ticket, event: e.TicketEvent) -> None:
    if ticket.solved:
        return
    ticket.solved = True
    ticket.solved_at = int(event.occurred_at)
    if ticket.first_solved_at is None:
        ticket.first_solved_at = ticket.solved_at
    ticket.solves += 1
    work.after.support.solved += 1
    resolution.note(ticket, event.occurred_at, resolution.SOLVED)
    feedback_after = work.policy.triggers.feedback_due.after
    source = f"t{event.occurred_at}:{ticket.solves}:{event.ticket_id}"
    work.set_timer("feedback_due", event.occurred_at + feedback_after, source)
    if ticket.outcome is None:
        why = broken_by(ticket)
        if why is None:
            ticket.outcome = "pending"
            work.set_timer("first_contact_resolved", event.occurred_at + work.policy.fcr_window, event.ticket_id)
        else:
            miss(work, event.ticket_id, ticket, why, {})


def _reopened(work: Work, ticket: Ticket, event: e.TicketReopened) -> None:
    if not ticket.solved:
        return
    ticket.solved = False
    resolution.note(ticket, event.occurred_at, resolution.REOPENED)
    if ticket.outcome == "pending":
        miss(work, event.ticket_id, ticket, "reopened", {})


def miss(work: Work, ticket_id: str, ticket: Ticket, why: str, more: dict[str, str]) -> None:
    """First contact did not resolve this ticket; said once."""
    ticket.outcome, ticket.why = "missed", why
    part(work.after, "support").fcr_missed += 1
    work.clear_timer("first_contact_resolved", ticket_id)
    work.fire("first_contact_missed", ticket_id, {"because": why, **ticket_facts(ticket), **more})


def confirm(work: Work, ticket_id: str) -> None:
    """The window has passed quietly: the first contact resolved this ticket."""
    ticket = copy(work.after.tickets[ticket_id])
    ticket.outcome = "confirmed"
    work.after.tickets = {**work.after.tickets, ticket_id: ticket}
    part(work.after, "support").fcr_confirmed += 1
    work.fire("first_contact_resolved", ticket_id, ticket_facts(ticket))


def ticket_facts(ticket: Ticket) -> dict[str, object]:
    """What a person wants to know of a ticket in evidence."""
    return {
        "product": ticket.product,
        "channel": ticket.channel,
        "priority": ticket.priority,
        "created_at": Instant(ticket.created_at) if ticket.created_at is not None else None,
        "solved_at": Instant(ticket.solved_at) if ticket.solved_at is not None else None,
        "agent_replies": ticket.replies,
        "escalations": ticket.escalations,
        "reopenings": ticket.reopens,
    }


def open_escalations(customer: Customer, at: int, policy: Policy) -> list[str]:
    """Tickets that are escalated and not yet solved; one that is to be forgotten by ``at`` is none (CONTRACT B30)."""
    return [
        name
        for name, ticket in customer.tickets.items()
        if ticket.escalations and not ticket.solved and at < ticket.touched + policy.ticket_retention
    ]


def _retime(work: Work, ticket_id: str, ticket: Ticket) -> None:
    """Set the timers of a ticket after it was touched."""
    policy: Policy = work.policy
    forgotten = ticket.touched + policy.ticket_retention
    if ticket.outcome == "pending" and ticket.solved_at is not None:
        forgotten = max(forgotten, ticket.solved_at + policy.fcr_window)
    work.set_timer("forget_ticket", forgotten, ticket_id)
    if ticket.created_at is None:
        return
    if "first_reply_overdue" not in ticket.overdue and not ticket.replies and not ticket.solves:
        due = ticket.created_at + policy.targets.first_reply[ticket.priority]
        work.set_timer("first_reply_overdue", due, ticket_id)
    else:
        work.clear_timer("first_reply_overdue", ticket_id)
    elapsed, since = resolution.read(ticket)
    if "resolution_overdue" not in ticket.overdue and since is not None:
        due = since + policy.targets.resolution[ticket.priority] - elapsed
        work.set_timer("resolution_overdue", due, ticket_id)
    else:
        work.clear_timer("resolution_overdue", ticket_id)


def forget(work: Work, ticket_id: str) -> None:
    """Let go of a ticket that nobody touched for the retention; its counters stay."""
    work.after.tickets = {name: ticket for name, ticket in work.after.tickets.items() if name != ticket_id}
    for rule in ("first_contact_resolved", "first_reply_overdue", "resolution_overdue", "forget_ticket"):
        work.clear_timer(rule, ticket_id)
