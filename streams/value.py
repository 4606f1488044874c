"""Value: exact money per currency, tiers, and the rhythm of purchases (CONTRACT 5, B20, B23)."""

from __future__ import annotations

from bisect import insort
from decimal import ROUND_HALF_EVEN, Context, Decimal
from itertools import pairwise
from math import ceil, sqrt
from typing import TYPE_CHECKING

from schemas import events as e
from schemas.times import Instant
from streams.state import Money, Value
from streams.work import part

if TYPE_CHECKING:
    from schemas.policy import Policy
    from streams.state import Customer
    from streams.work import Work

PURCHASES = (e.Ordered, e.Renewed, e.SubscriptionStarted)
PURCHASES_KEPT = 50
_EXACT = Context(prec=1_000)
_CENT = Decimal("0.01")
_NOTHING = Money()


def fold(work: Work, event: e.PurchaseEvent) -> None:
    """Put one purchase event where it belongs."""
    value: Value = part(work.after, "value")
    currency = event.currency or "USD"
    known = value.money.get(currency, _NOTHING)
    if isinstance(event, PURCHASES):
        value.money = {**value.money, currency: _bought(known, event)}
        value.orders += 1
        value.first = event.occurred_at if value.first is None else min(value.first, event.occurred_at)
        purchases = list(value.purchases)
        insort(purchases, event.occurred_at)
        value.purchases = tuple(purchases[-work.plan.purchases_kept :])
        _note_product(work, value, event)
    elif isinstance(event, e.Refunded):
        back = -event.amount if event.recurring else Decimal(0)
        value.money = {
            **value.money,
            currency: Money(
                known.orders,
                known.bought,
                _EXACT.add(known.refunded, event.amount),
                _EXACT.add(known.recurring, back),
                known.first,
                known.last,
            ),
        }


def _bought(known: Money, event: e.Purchase) -> Money:
    at = int(event.occurred_at)
    return Money(
        known.orders + 1,
        _EXACT.add(known.bought, event.amount),
        known.refunded,
        _EXACT.add(known.recurring, event.amount if event.recurring else Decimal(0)),
        at if known.first is None else min(known.first, at),
        at if known.last is None else max(known.last, at),
    )


def _note_product(work: Work, value: Value, event: e.Purchase) -> None:
    if event.product_id is None:
        return
    within = work.policy.triggers.product_interest.within
    bought = {name: at for name, at in value.bought.items() if work.now - within < at}
    bought[event.product_id] = max(bought.get(event.product_id, event.occurred_at), event.occurred_at)
    value.bought = bought


def revenue(customer: Customer, currency: str) -> Decimal:
    """What was bought less what was refunded, exactly."""
    money = customer.value.money.get(currency, _NOTHING)
    return _EXACT.subtract(money.bought, money.refunded)


def tier_of(customer: Customer, policy: Policy) -> str | None:
    """The highest tier whose threshold the revenue reaches; None under the lowest."""
    amount = revenue(customer, policy.currency)
    reached = None
    for name, threshold in policy.tiers.items():
        if amount >= threshold:
            reached = name
    return reached if reached is not None else next(iter(policy.tiers), None)


def average_order(money: Money) -> Decimal | None:
    """Money in divided by orders, half-even to 2 decimals; None without orders."""
    if not money.orders:
        return None
    exact = Context(prec=1_000, rounding=ROUND_HALF_EVEN)
    return exact.divide(money.bought, Decimal(money.orders)).quantize(_CENT, context=exact)


def gap_statistics(purchases: tuple[int, ...]) -> tuple[float, float] | None:
    """Mean and population standard deviation of the gaps (ms) of the latest 50 purchases; None without a gap."""
    latest = purchases[-PURCHASES_KEPT:]
    gaps = [later - earlier for earlier, later in pairwise(latest)]
    if not gaps:
        return None
    mean = sum(gaps) / len(gaps)
    return mean, sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps))


def overdue_at(customer: Customer, policy: Policy) -> int | None:
    """When the next purchase would be overdue (ms), or None with too few purchases (CONTRACT B23)."""
    settings = policy.triggers.purchase_overdue
    statistics = gap_statistics(customer.value.purchases)
    if statistics is None or customer.value.orders < settings.purchases:
        return None
    mean, deviation = statistics
    return customer.value.purchases[-1] + max(int(settings.at_least), ceil(mean + settings.deviations * deviation))


def money_text(amount: Decimal | None) -> str | None:
    """Money as it is written: plain decimal notation."""
    return None if amount is None else format(amount, "f")


def view(customer: Customer, policy: Policy) -> dict[str, object]:
    """The ``value`` of a customer's line, in the policy's currency."""
    money = customer.value.money.get(policy.currency, _NOTHING)
    return {
        "orders": money.orders,
        "revenue": money_text(revenue(customer, policy.currency)),
        "average_order": money_text(average_order(money)),
        "recurring_revenue": money_text(money.recurring),
        "currency": policy.currency,
        "tier": tier_of(customer, policy),
        "first_purchase": None if money.first is None else Instant(money.first),
        "last_purchase": None if money.last is None else Instant(money.last),
    }
