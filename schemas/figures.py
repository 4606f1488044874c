"""The figures across customers, as ``kpis.json`` and the records of ``kpis`` hold them (CONTRACT 7, 10, B32).

The shape only: its schema is generated from here. Shares are percent; without a denominator they are null.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from schemas.customer import Count, Money

Percent: TypeAlias = Annotated[float, Meta(ge=0, le=100)]
Rate: TypeAlias = Annotated[float, Meta(ge=0, description="Percent; over 100 when more answered than were sent to")]
Score: TypeAlias = Annotated[
    float,
    Meta(
        ge=0,
        le=100,
        description="Mean score of the customers, in total only, overall and by acquisition source: "
        "at the end of a replay; live, at the end of the latest UTC day that is over. Decay is in it; "
        "a customer who was erased is not, nor one first seen later",
    ),
]
Seconds: TypeAlias = Annotated[float, Meta(ge=0)]


class Fcr(msgspec.Struct, frozen=True):
    """First-contact resolution: tickets confirmed, missed, and still inside the window."""

    rate: Percent | None
    confirmed: Count
    missed: Count
    pending: Count


class Csat(msgspec.Struct, frozen=True):
    """The share of 4 and 5 among ratings and answers."""

    percent: Percent | None
    answers: Count


class Nps(msgspec.Struct, frozen=True):
    """Percent of promoters minus percent of detractors."""

    value: Annotated[float, Meta(ge=-100, le=100)] | None
    promoters: Count
    passives: Count
    detractors: Count


class TicketFigures(msgspec.Struct, frozen=True):
    """Tickets, what befell them, and the median times."""

    created: Count
    solved: Count
    escalated: Count
    reopened: Count
    first_reply_overdue: Count
    resolution_overdue: Count
    median_first_reply_seconds: Seconds | None
    median_resolution_seconds: Seconds | None


class Figures(msgspec.Struct, frozen=True, omit_defaults=True):
    """The figures of one slice and one day, or of all time; those that are not kept for a slice are null or absent.

    ``funnel_conversion`` is stage -> percent that reached the next; rates of a campaign are percent of messages sent.
    """

    fcr: Fcr | None = None
    csat: Csat | None = None
    nps: Nps | None = None
    tickets: TicketFigures | None = None
    funnel: dict[str, Count] | None = None
    funnel_conversion: dict[str, Percent | None] | None = None
    conversion: dict[str, Percent | None] | None = None
    revenue: dict[str, Money] | None = None
    recurring_revenue: dict[str, Money] | None = None
    orders: Count | None = None
    levels: dict[str, Count] | None = None
    roles: dict[str, Count] | None = None
    segments: dict[str, Count] | None = None
    sent: Count | None = None
    openers: Count | None = None
    clickers: Count | None = None
    unsubscribes: Count | None = None
    direct: Count | None = None
    influenced: Count | None = None
    openers_rate: Rate | None = None
    clickers_rate: Rate | None = None
    unsubscribes_rate: Rate | None = None
    direct_rate: Rate | None = None
    influenced_rate: Rate | None = None
    mean_score: Score | None = None
