"""What is bought, renewed, refunded and cancelled."""

from __future__ import annotations

from typing import TypeAlias

from schemas.events.common import Amount, Currency, Event


class PurchaseEvent(Event, frozen=True, kw_only=True):
    """What every purchase event carries; without ``currency`` it is USD."""

    topic = "purchases"
    order_id: str
    currency: Currency | None = None
    product_id: str | None = None
    category: str | None = None
    recurring: bool | None = None


class Ordered(PurchaseEvent, frozen=True, kw_only=True, tag="ordered"):
    """An order."""

    action = "purchases.ordered"
    amount: Amount


class Renewed(PurchaseEvent, frozen=True, kw_only=True, tag="renewed"):
    """A renewal."""

    action = "purchases.renewed"
    amount: Amount


class SubscriptionStarted(PurchaseEvent, frozen=True, kw_only=True, tag="subscription_started"):
    """A subscription began."""

    action = "purchases.subscription_started"
    amount: Amount


class Refunded(PurchaseEvent, frozen=True, kw_only=True, tag="refunded"):
    """Money went back."""

    action = "purchases.refunded"
    amount: Amount


class Cancelled(PurchaseEvent, frozen=True, kw_only=True, tag="cancelled"):
    """An order or a subscription was cancelled."""

    action = "purchases.cancelled"
    amount: Amount | None = None


Purchase: TypeAlias = Ordered | Renewed | SubscriptionStarted
"""What counts as a purchase in every rule and figure (CONTRACT B20)."""
