"""The policy as frozen structs, key by key as in its file (CONTRACT, Appendix A). Durations are milliseconds."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.events import Currency, Priority
from schemas.policy.conditions import Condition
from schemas.policy.numbers import Fraction, Money, Points, Positive, Span, Whole
from schemas.policy.rules import CustomRule
from schemas.policy.triggers import Triggers
from schemas.times import Duration


class DailyCap(msgspec.Struct, frozen=True, kw_only=True):
    """The most ``points`` of one action and day in these ``topics``; events over ``late`` late are exempt."""

    points: Annotated[float, Meta(gt=0)]
    topics: tuple[str, ...]
    late: Duration


class Levels(msgspec.Struct, frozen=True, kw_only=True):
    """The least score of each level above low."""

    medium: Annotated[int, Meta(ge=1, le=100)]
    high: Annotated[int, Meta(ge=1, le=100)]


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """How points are given, fade and become a level (CONTRACT 2)."""

    half_life: Span
    half_lives: dict[str, Span]
    points: dict[str, Points]
    daily_cap: DailyCap
    level_hysteresis: Whole
    levels: Levels
    change_threshold: Positive


class Targets(msgspec.Struct, frozen=True, kw_only=True):
    """Reply and resolution targets by priority, calendar time (CONTRACT 3)."""

    first_reply: dict[Priority, Span]
    resolution: dict[Priority, Span]


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """At most ``max`` messages in a ``span``."""

    max: Positive
    span: Span


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """The contact schedule and the rolling caps (CONTRACT 4)."""

    gap: Span
    first: Allowance
    weekly_until: Span
    later: Allowance
    rolling: tuple[Allowance, ...]


class Fatigue(msgspec.Struct, frozen=True, kw_only=True):
    """Of the last ``messages`` older than ``age``, at least ``at_least`` and this share ``unopened``."""

    messages: Positive
    at_least: Positive
    unopened: Fraction
    age: Span


class CountSpan(msgspec.Struct, frozen=True, kw_only=True):
    """``count`` acts ``within`` a span."""

    count: Positive
    within: Span


class Roles(msgspec.Struct, frozen=True, kw_only=True):
    """What makes a role; the patterns match whole words of job_title, whatever their case (CONTRACT 5)."""

    decision_maker: tuple[str, ...]
    champion: CountSpan
    information_gatherer: CountSpan


class CustomerDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """Who counts as a customer: so many ``orders``, so much ``revenue``, ``within`` a span before now (None: ever)."""

    orders: Positive | None = None
    revenue: Money | None = None
    within: Span | None = None


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Every weight, window and rule of the engine. ``tiers`` is ordered by threshold, least first."""

    version: Annotated[str, Meta(min_length=1)]
    currency: Currency
    score: Score
    dedup_window: Span
    fcr_window: Span
    ticket_retention: Span
    customer_retention: Span | None
    targets: Targets
    contact: Contact
    fatigue: Fatigue
    tiers: dict[str, Money]
    roles: Roles
    segments: dict[str, Condition]
    customer_definitions: dict[str, CustomerDefinition]
    rules: tuple[CustomRule, ...]
    triggers: Triggers
