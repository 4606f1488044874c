"""Triggers from support: escalations, reopenings, repeated contact, overdue targets and first-contact resolution."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from schemas import events as e
from schemas.times import Duration, Instant
from streams import resolution, support
from streams.state import Ticket

if TYPE_CHECKING:
    from streams.state import Customer
    from streams.work import Work


def ticket_escalated(work: Work) -> None:
    """A ticket went up a tier."""
    if isinstance(work.event, e.TicketEscalated):
        ticket = work.after.tickets[work.event.ticket_id]
        work.fire("ticket_escalated", work.event.ticket_id, {"tier": work.event.tier, **support.ticket_facts(ticket)})


def ticket_reopened(work: Work) -> None:
    """A ticket was opened again."""
    if isinstance(work.event, e.TicketReopened):
        ticket = work.after.tickets[work.event.ticket_id]
        work.fire("ticket_reopened", work.event.ticket_id, support.ticket_facts(ticket))


def _of_product(customer: Customer | None, product: str | None, work: Work) -> list[tuple[int, str]]:
    if customer is None:
        return []
    horizon = work.now - work.policy.triggers.repeat_contact.within
    return sorted(
        (ticket.created_at, name)
        for name, ticket in customer.tickets.items()
        if ticket.created_at is not None and ticket.product == product and horizon < ticket.created_at <= work.now
    )


def repeat_contact(work: Work) -> None:
    """A second ticket about one product within the window."""
    if not isinstance(work.event, e.TicketCreated):
        return
    product, count = work.event.product, work.policy.triggers.repeat_contact.count
    tickets = _of_product(work.after, product, work)
    if len(tickets) >= count > len(_of_product(work.before, product, work)):
        work.fire(
            "repeat_contact",
            product,
            {"product": product, "tickets": [{"ticket_id": name, "created_at": Instant(at)} for at, name in tickets]},
        )


def _late(work: Work, rule: str, ticket_id: str) -> Ticket:
    ticket = copy(work.after.tickets[ticket_id])
    ticket.overdue = (*ticket.overdue, rule)
    work.after.tickets = {**work.after.tickets, ticket_id: ticket}
    return ticket


def first_reply_overdue(work: Work, ticket_id: str) -> None:
    """The first reply's target passed and nobody has answered."""
    ticket = _late(work, "first_reply_overdue", ticket_id)
    target = work.policy.targets.first_reply[ticket.priority]
    work.fire("first_reply_overdue", ticket_id, {"target": Duration(target), **support.ticket_facts(ticket)})


def resolution_overdue(work: Work, ticket_id: str) -> None:
    """The resolution clock reached its target and the ticket is not solved."""
    ticket = _late(work, "resolution_overdue", ticket_id)
    elapsed, since = resolution.read(ticket)
    ran = elapsed + (work.now - since if since is not None else 0)
    target = work.policy.targets.resolution[ticket.priority]
    work.fire(
        "resolution_overdue",
        ticket_id,
        {"target": Duration(target), "clock": Duration(ran), **support.ticket_facts(ticket)},
    )


ON_EVENT = (
    (ticket_escalated, (e.TicketEscalated,)),
    (ticket_reopened, (e.TicketReopened,)),
    (repeat_contact, (e.TicketCreated,)),
)
ON_TIMER = {
    "first_contact_resolved": support.confirm,
    "first_reply_overdue": first_reply_overdue,
    "resolution_overdue": resolution_overdue,
}
