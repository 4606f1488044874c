"""Facts of purchases: orders in any currency, revenue and recurring revenue by currency (CONTRACT 5, B20)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import Refunded
from schemas.times import DAY
from streams.figures.fact import Fact, less
from streams.value import PURCHASES

if TYPE_CHECKING:
    from streams.work import Work


def facts(work: Work) -> list[Fact]:
    """The facts of a purchase event; a cancellation moves no money."""
    event = work.event
    bought = isinstance(event, PURCHASES)
    if not isinstance(event, (*PURCHASES, Refunded)):
        return []
    day, currency = event.occurred_at // DAY, event.currency or "USD"
    amount = event.amount if bought else less(event.amount)
    found = [Fact(f"revenue:{currency}", day, amount)]
    if event.recurring:
        found.append(Fact(f"recurring:{currency}", day, amount))
    if bought:
        found.append(Fact("orders", day))
    return found
