"""Money and purchases from the list of all events (CONTRACT 5, B20, B23)."""

from __future__ import annotations

import math
import statistics
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import Any

from schemas.times import format_instant
from tests.oracle.decode import Ev
from tests.oracle.mail import in_time

PURCHASES = ("ordered", "renewed", "subscription_started")


def purchases(events: list[Ev]) -> list[Ev]:
    """The purchases of any currency by time."""
    return in_time([e for e in events if e.topic == "purchases" and e.kind in PURCHASES])


def revenue(events: list[Ev], currency: str, recurring: bool = False) -> Decimal:
    """Section 5's revenue in one currency, over all events or the recurring ones."""
    total = Decimal(0)
    for event in events:
        if event.topic != "purchases" or event.get("currency") != currency:
            continue
        if recurring and not event.get("recurring"):
            continue
        if event.kind in PURCHASES:
            total += event.get("amount")
        if event.kind == "refunded":
            total -= event.get("amount")
    return total


def tier(events: list[Ev], policy: dict[str, Any]) -> str:
    """The tier that the revenue reaches; the lowest one when it reaches none."""
    steps = sorted(policy["tiers"].items(), key=lambda step: step[1])
    total = revenue(events, policy["currency"])
    return [name for i, (name, least) in enumerate(steps) if i == 0 or total >= Decimal(str(least))][-1]


def overdue_at(events: list[Ev], policy: dict[str, Any]) -> int | None:
    """When the next purchase becomes overdue; None with too few purchases."""
    rule = policy["triggers"]["purchase_overdue"]
    if len(purchases(events)) < rule["purchases"]:
        return None
    times = [e.at for e in purchases(events)][-50:]
    gaps = [b - a for a, b in pairwise(times)]
    allowed = statistics.fmean(gaps) + rule["deviations"] * statistics.pstdev(gaps)
    return times[-1] + max(int(rule["at_least"]), math.ceil(round(allowed, 6)))


def view(events: list[Ev], policy: dict[str, Any]) -> dict[str, Any]:
    """The ``value`` of a line of ``customers.jsonl``."""
    currency = policy["currency"]
    own = [e for e in purchases(events) if e.get("currency") == currency]
    gross = sum((e.get("amount") for e in own), Decimal(0))
    average = (gross / len(own)).quantize(Decimal("0.01"), ROUND_HALF_EVEN) if own else None
    return {
        "orders": len(own),
        "revenue": str(revenue(events, currency)),
        "average_order": None if average is None else str(average),
        "recurring_revenue": str(revenue(events, currency, recurring=True)),
        "currency": currency,
        "tier": tier(events, policy),
        "first_purchase": format_instant(own[0].at) if own else None,
        "last_purchase": format_instant(own[-1].at) if own else None,
    }
