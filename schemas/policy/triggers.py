"""The built-in triggers' settings, one struct each (CONTRACT 6): on or off, cooldown, and their own parameters."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from schemas.events import Channel
from schemas.policy.numbers import Positive, Span
from schemas.times import Duration


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """A trigger that takes no cooldown, since it tells each change once."""

    cooldown: ClassVar[Duration] = Duration(0)
    enabled: bool


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """A trigger without parameters; ``cooldown`` 0 lets every firing through."""

    enabled: bool
    cooldown: Duration


class InterestSurge(Trigger, frozen=True, kw_only=True):
    """Score now ``points`` or more above that ``within`` (whole days) before today."""

    points: Annotated[int, Meta(ge=1, le=100)]
    within: Span


class After(Trigger, frozen=True, kw_only=True):
    """Fires a span ``after`` what sets it."""

    after: Span


class Within(Trigger, frozen=True, kw_only=True):
    """Looks back over ``within``."""

    within: Span


class CountWithin(Within, frozen=True, kw_only=True):
    """``count`` of something ``within`` a span."""

    count: Positive


class ReaderNeverClicks(Trigger, frozen=True, kw_only=True):
    """``opened`` messages opened, none clicked."""

    opened: Positive


class InformationGap(Within, frozen=True, kw_only=True):
    """A ticket by one of ``channels`` soon after reading; names the last ``pages`` pages."""

    channels: tuple[Channel, ...]
    pages: Annotated[int, Meta(ge=1, le=50)]


class LowSatisfaction(Trigger, frozen=True, kw_only=True):
    """A rating of ``at_most`` this."""

    at_most: Annotated[int, Meta(ge=1, le=5)]


class SpendThreshold(Trigger, frozen=True, kw_only=True):
    """Revenue reaches a ``multiple`` of this much in the policy's currency."""

    multiple: Annotated[Decimal, Meta(extra={"above": 0})]


class PurchaseOverdue(Trigger, frozen=True, kw_only=True):
    """Later than mean + ``deviations`` standard deviations of the gaps, at least ``at_least``."""

    purchases: Annotated[int, Meta(ge=2, le=50)]
    deviations: Annotated[float, Meta(ge=0)]
    at_least: Span


class ThankYouDue(After, frozen=True, kw_only=True):
    """A span after the first purchase, and at each purchase whose number is a multiple of ``every``."""

    every: Positive


class FeedbackDue(After, frozen=True, kw_only=True):
    """No answer within ``quiet`` before it falls due."""

    quiet: Span


class Triggers(msgspec.Struct, frozen=True, kw_only=True):
    """Every built-in trigger by its name."""

    interest_surge: InterestSurge
    going_quiet: After
    product_interest: CountWithin
    cart_abandoned: After
    reader_never_clicks: ReaderNeverClicks
    over_contacted: Trigger
    fatigued: Trigger
    duplicate_message: Within
    contact_due: After
    unsubscribed: Trigger
    information_gap: InformationGap
    ticket_escalated: Trigger
    ticket_reopened: Trigger
    repeat_contact: CountWithin
    first_reply_overdue: Trigger
    resolution_overdue: Trigger
    first_contact_resolved: Trigger
    first_contact_missed: Trigger
    low_satisfaction: LowSatisfaction
    detractor: Trigger
    promoter: Trigger
    spend_threshold: SpendThreshold
    purchase_overdue: PurchaseOverdue
    thank_you_due: ThankYouDue
    feedback_due: FeedbackDue
    campaign_response: Within
    value_tier_changed: Switch
    stage_changed: Switch
    role_changed: Switch
    segment_entered: Switch
    segment_left: Switch


BUILT_IN: tuple[str, ...] = Triggers.__struct_fields__
"""The names of the built-in triggers."""
