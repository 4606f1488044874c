"""What happens to support tickets."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from schemas.events.common import Channel, Event, Priority, Whole


class TicketEvent(Event, frozen=True, kw_only=True):
    """What every support event carries."""

    topic = "support-tickets"
    ticket_id: str


class TicketCreated(TicketEvent, frozen=True, kw_only=True, tag="created"):
    """A ticket was opened; without ``priority`` it is normal."""

    action = "support-tickets.created"
    channel: Channel
    product: str | None = None
    priority: Priority | None = None
    subject: str | None = None


class TicketAgentReplied(TicketEvent, frozen=True, kw_only=True, tag="agent_replied"):
    """An agent answered."""

    action = "support-tickets.agent_replied"


class TicketCustomerReplied(TicketEvent, frozen=True, kw_only=True, tag="customer_replied"):
    """The customer answered."""

    action = "support-tickets.customer_replied"


class TicketAssigned(TicketEvent, frozen=True, kw_only=True, tag="assigned"):
    """An assignee took the ticket."""

    action = "support-tickets.assigned"
    assignee: str | None = None


class TicketEscalated(TicketEvent, frozen=True, kw_only=True, tag="escalated"):
    """The ticket went up a tier."""

    action = "support-tickets.escalated"
    tier: str | Whole | None = None


class TicketSolved(TicketEvent, frozen=True, kw_only=True, tag="solved"):
    """The ticket was solved."""

    action = "support-tickets.solved"


class TicketReopened(TicketEvent, frozen=True, kw_only=True, tag="reopened"):
    """The ticket was opened again."""

    action = "support-tickets.reopened"


class TicketClosed(TicketEvent, frozen=True, kw_only=True, tag="closed"):
    """The ticket was closed; on a ticket not yet solved this solves it."""

    action = "support-tickets.closed"


class TicketRated(TicketEvent, frozen=True, kw_only=True, tag="rated"):
    """The customer rated the ticket, 1 to 5."""

    action = "support-tickets.rated"
    score: Annotated[int, Meta(ge=1, le=5)]
