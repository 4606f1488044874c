"""Triggers from purchases: thresholds, tiers, rhythm and thanks (CONTRACT B20, B21, B23)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas import events as e
from schemas.times import DAY, Instant
from streams import timers, value
from streams.work import part

if TYPE_CHECKING:
    from streams.work import Work


def spend_threshold(work: Work) -> None:
    """Revenue passed a multiple higher than any before."""
    multiple = work.policy.triggers.spend_threshold.multiple
    revenue = value.revenue(work.after, work.policy.currency)
    reached = int(revenue // multiple)
    if reached > work.after.value.peak:
        part(work.after, "value").peak = reached
        work.fire(
            "spend_threshold",
            None,
            {
                "threshold": value.money_text(reached * multiple),
                "revenue": value.money_text(revenue),
                "currency": work.policy.currency,
            },
        )


def value_tier_changed(work: Work) -> None:
    """The tier is another than before."""
    lowest = next(iter(work.policy.tiers), None)
    before = work.after.value.tier or lowest
    after = value.tier_of(work.after, work.policy)
    if after != work.after.value.tier:
        part(work.after, "value").tier = after
    if after != before:
        revenue = value.money_text(value.revenue(work.after, work.policy.currency))
        work.fire(
            "value_tier_changed",
            None,
            {"from": before, "to": after, "revenue": revenue, "currency": work.policy.currency},
        )


def _purchase(work: Work) -> None:
    """A purchase sets and stops timers, and every so many it is time to say thank you."""
    customer, settings = work.after, work.policy.triggers
    event = work.event
    if not isinstance(event, value.PURCHASES):
        return
    cart_at = customer.browsing.cart_at
    if cart_at is not None and customer.value.purchases[-1] >= cart_at:
        work.clear_timer("cart_abandoned")
    at, orders, first = int(event.occurred_at), customer.value.orders, customer.value.first
    work.set_timer("feedback_due", at + settings.feedback_due.after, f"p{at}:{orders}:{event.order_id}")
    overdue = value.overdue_at(customer, work.policy)
    if overdue is not None and customer.value.overdue_said != customer.value.purchases[-1]:
        work.set_timer("purchase_overdue", overdue)
    if first is not None and (orders == 1 or timers.key("thank_you_due") in customer.timers):
        work.set_timer("thank_you_due", first + settings.thank_you_due.after)
    if orders % settings.thank_you_due.every == 0:
        work.fire("thank_you_due", None, {"purchases": orders, "last_purchase": Instant(at)})


def thank_you_due(work: Work, _about: str) -> None:
    """A day after the first purchase."""
    first = work.after.value.first
    work.fire(
        "thank_you_due",
        None,
        {"purchases": work.after.value.orders, "first_purchase": None if first is None else Instant(first)},
    )


def purchase_overdue(work: Work, _about: str) -> None:
    """The next purchase is later than this customer's rhythm explains."""
    purchases = work.after.value.purchases
    statistics = value.gap_statistics(purchases)
    if statistics is None:
        return
    part(work.after, "value").overdue_said = purchases[-1]
    mean, deviation = statistics
    work.fire(
        "purchase_overdue",
        None,
        {
            "last_purchase": Instant(purchases[-1]),
            "purchases": work.after.value.orders,
            "mean_gap_days": round(mean / DAY, 2),
            "standard_deviation_days": round(deviation / DAY, 2),
        },
    )


ON_EVENT = (
    (spend_threshold, (e.PurchaseEvent,)),
    (value_tier_changed, (e.PurchaseEvent,)),
    (_purchase, value.PURCHASES),
)
ON_TIMER = {"thank_you_due": thank_you_due, "purchase_overdue": purchase_overdue}
