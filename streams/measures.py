"""What a decision adds to the figures across customers (CONTRACT 7).

All facts are found here, by comparing the customer before and after, so that no rule counts anything by itself. A
figure counts on the UTC day of the event's ``occurred_at``, what time alone does on the day it falls due. Everything
but campaigns also counts for the customer's acquisition source: the one known now, so when another becomes known, what
was counted of the last ``DAYS_KEPT`` days with facts moves to it. An erased customer leaves the standings and is not
pending; counters stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.times import DAY
from streams.figures import campaigns, people, purchases, support, surveys
from streams.figures.fact import OVERALL, Fact, add, less

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemas.events import ProfileErased
    from schemas.policy import Policy
    from streams.state import Customer
    from streams.work import Work

DAYS_KEPT = 64
_BY_TOPIC: dict[str, Callable[[Work], list[Fact]]] = {"purchases": purchases.facts, "surveys": surveys.facts}


def measure(work: Work) -> tuple[Fact, ...]:
    """The facts of a decision. What they need later is noted in ``work.after``, so the decision must be kept."""
    before, after, event = work.before, work.after, work.event
    found: list[Fact] = []
    if before is None or after.stage != before.stage:
        found += people.funnel(work)
    if before is None or after.tickets is not before.tickets:
        found += support.facts(work)
    if event is not None and (count := _BY_TOPIC.get(event.topic)) is not None:
        found += count(work)
    if found:
        found = _note(after, found)
    if people.moved(before, after):
        found += people.standing(before, after, work.now)
        found += _follow(before, after)
    found += campaigns.facts(work)
    return tuple(found)


def erased(state: Customer, event: ProfileErased) -> tuple[Fact, ...]:
    """The facts of an erasure: what was counted stays, what was pending is so no more (CONTRACT B31)."""
    return _gone(state, max(state.now, int(event.occurred_at)))


def forgotten(state: Customer, now: int, policy: Policy) -> tuple[Fact, ...]:  # noqa: ARG001
    """The facts of a customer let go after the retention: as of an erasure."""
    return _gone(state, now)


def _gone(state: Customer, now: int) -> tuple[Fact, ...]:
    where = people.slices_of(state)
    pending = [
        Fact("pending", ticket.solved_at // DAY, -1, (*where, *support.slices(ticket)))
        for ticket in state.tickets.values()
        if ticket.outcome == "pending" and ticket.solved_at is not None
    ]
    return (*pending, *people.standing(state, None, now))


def _note(after: Customer, found: list[Fact]) -> list[Fact]:
    """Remember what is counted of the customer, and count it for the acquisition source too."""
    counted = dict(after.counted)
    for fact in found:
        if fact.day is not None and OVERALL in fact.slices:
            day = dict(counted.get(fact.day, {}))
            day[fact.figure] = add(day.get(fact.figure, 0), fact.amount)
            counted[fact.day] = day
    if len(counted) > DAYS_KEPT:
        counted = {day: counted[day] for day in sorted(counted)[-DAYS_KEPT:]}
    after.counted = counted
    source = people.source_of(after)
    if source is None:
        return found
    own = ((people.SOURCE, source),)
    return [fact._replace(slices=fact.slices + own) if OVERALL in fact.slices else fact for fact in found]


def _follow(before: Customer | None, after: Customer) -> list[Fact]:
    """Move what was counted before to another acquisition source."""
    old, new = people.source_of(before), people.source_of(after)
    if before is None or old == new:
        return []
    found: list[Fact] = []
    for day, figures in before.counted.items():
        for figure, amount in figures.items():
            if old is not None:
                found.append(Fact(figure, day, less(amount), ((people.SOURCE, old),)))
            if new is not None:
                found.append(Fact(figure, day, amount, ((people.SOURCE, new),)))
    return found
