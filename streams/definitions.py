"""Customer definitions of the policy: who counts as a customer, judged at purchases and when one gets too old.

``orders`` counts purchases in any currency, ``revenue`` is in the policy's currency; with ``within`` both look at the
span before now only (CONTRACT 7).
"""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING

from schemas.events import Refunded
from streams.figures.fact import add
from streams.value import PURCHASES, revenue
from streams.work import part

if TYPE_CHECKING:
    from decimal import Decimal

    from schemas.policy import CustomerDefinition
    from streams.work import Work

TIMER = "~definitions"


def judge(work: Work) -> None:
    """Judge every definition now, and be woken when what was bought is too old for one."""
    definitions = work.policy.customer_definitions
    _note_spending(work)
    work.after.definitions = tuple(name for name, definition in definitions.items() if _holds(work, definition))
    ends = [at for definition in definitions.values() for at in _ends(work, definition)]
    if ends:
        work.set_timer(TIMER, min(ends))
    else:
        work.clear_timer(TIMER)


def due(work: Work, _about: str) -> None:
    """A purchase fell out of a definition's span."""
    judge(work)


def _note_spending(work: Work) -> None:
    """Keep what moved money while a definition with a span asks for revenue."""
    widest = work.plan.spending_kept
    event = work.event
    if not widest or not isinstance(event, (*PURCHASES, Refunded)):
        return
    if work.timer_due is not None or (event.currency or "USD") != work.policy.currency:
        return
    value = part(work.after, "value")
    spent = [(at, amount) for at, amount in value.spent if work.now - widest < at]
    insort(spent, (int(event.occurred_at), event.amount.copy_negate() if isinstance(event, Refunded) else event.amount))
    value.spent = tuple(spent)


def _holds(work: Work, definition: CustomerDefinition) -> bool:
    value, within, now = work.after.value, definition.within, work.now
    if definition.orders is not None:
        if within is None:
            enough = value.orders >= definition.orders
        else:
            newest = value.purchases[-definition.orders :]
            enough = len(newest) >= definition.orders and now - within < newest[0] <= now
        if not enough:
            return False
    if definition.revenue is None:
        return True
    if within is None:
        return revenue(work.after, work.policy.currency) >= definition.revenue
    total: Decimal | int = 0
    for at, amount in value.spent:
        if now - within < at:
            total = add(total, amount)
    return total >= definition.revenue


def _ends(work: Work, definition: CustomerDefinition) -> list[int]:
    """When time alone may next change whether the definition holds."""
    within, now = definition.within, work.now
    if within is None:
        return []
    instants = [at for at, _ in work.after.value.spent] if definition.revenue is not None else []
    if definition.orders is not None:
        instants += work.after.value.purchases[-definition.orders :][:1]
    return sorted(at + within for at in instants if at + within > now)[:1]
