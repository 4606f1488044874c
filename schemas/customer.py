"""A line of ``customers.jsonl``: everything the engine knows of one customer at an instant (CONTRACT 10).

The shape only: its schema is generated from here, and the conditions of a policy may name its fields.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from schemas.outputs import Contribution
from schemas.times import Instant

Level: TypeAlias = Literal["low", "medium", "high"]
Stage: TypeAlias = Literal["subscriber", "lead", "qualified", "opportunity", "customer", "repeat_customer"]
Role: TypeAlias = Literal["decision_maker", "champion", "information_gatherer"]
Denial: TypeAlias = Literal[
    "schedule", "rolling_cap", "unsubscribed", "complained", "hard_bounced", "no_consent", "fatigued", "open_escalation"
]
Count: TypeAlias = Annotated[int, Meta(ge=0)]
Money: TypeAlias = Annotated[str, Meta(pattern=r"^-?[0-9]+(\.[0-9]+)?$", description="An exact decimal")]


class Interest(msgspec.Struct, frozen=True):
    """The decayed points of one product category."""

    category: str
    points: float


class Tickets(msgspec.Struct, frozen=True):
    """Support, counted over the customer's life."""

    created: Count
    solved: Count
    escalated: Count
    reopened: Count
    fcr_confirmed: Count
    fcr_missed: Count
    fcr_pending: Count


class Email(msgspec.Struct, frozen=True):
    """Distinct commercial messages with at least one such event."""

    sent: Count
    delivered: Count
    opened: Count
    clicked: Count
    bounced: Count
    complained: Count
    unsubscribed: Count


class ContactAllowance(msgspec.Struct, frozen=True):
    """Whether a commercial message may be sent now, why not, and when again."""

    allowed: bool
    reasons: tuple[Denial, ...]
    next_allowed_at: Instant | None


class Value(msgspec.Struct, frozen=True):
    """Purchases in the policy's currency."""

    orders: Count
    revenue: Money
    average_order: Money | None
    recurring_revenue: Money
    currency: str
    tier: str
    first_purchase: Instant | None
    last_purchase: Instant | None


class Satisfaction(msgspec.Struct, frozen=True):
    """Ratings and answers: the mean and the latest."""

    csat_mean: float | None
    csat_last: int | None
    nps_last: int | None


class CustomerLine(msgspec.Struct, frozen=True):
    """One customer at an instant."""

    customer_id: str
    score: Annotated[int, Meta(ge=0, le=100)]
    raw: float
    level: Level
    contributions: tuple[Contribution, ...]
    first_seen: Instant
    last_seen: Instant
    last_activity: Instant | None
    stage: Stage
    role: Role | None
    segments: tuple[str, ...]
    interests: Annotated[tuple[Interest, ...], Meta(max_length=3)]
    tickets: Tickets
    email: Email
    contact: ContactAllowance
    value: Value
    satisfaction: Satisfaction
