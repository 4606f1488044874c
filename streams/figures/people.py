"""Facts of customers themselves: the funnel, and how many stand where (CONTRACT 5, 7, B31).

The funnel counts a customer once for each stage, on the day of the event that reached it; a later stage implies the
earlier ones. Levels, roles, segments and customer definitions are standings: they go up and down on the day of ``now``,
and a standing at the end of a day is the sum of all days up to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.times import DAY
from streams.figures.fact import OVERALL, Fact, Slice
from streams.state import STAGES

if TYPE_CHECKING:
    from streams.state import Customer
    from streams.work import Work

LEVEL, ROLE, SEGMENT, MEETS, REACHED = "level:", "role:", "segment:", "meets:", "reached:"
STANDINGS = (LEVEL, ROLE, SEGMENT, MEETS)
SOURCE = "acquisition_source"


def funnel(work: Work) -> list[Fact]:
    """The stages newly reached."""
    before = -1 if work.before is None else STAGES.index(work.before.stage)
    day = int(work.now if work.event is None else work.event.occurred_at) // DAY
    return [Fact(REACHED + stage, day) for stage in STAGES[before + 1 : STAGES.index(work.after.stage) + 1]]


def moved(before: Customer | None, after: Customer) -> bool:
    """Whether a standing, or the acquisition source, is another."""
    return before is None or (
        before.level != after.level
        or before.role != after.role
        or before.segments != after.segments
        or before.definitions != after.definitions
        or (before.profile is not after.profile and source_of(before) != source_of(after))
    )


def standing(before: Customer | None, after: Customer | None, now: int) -> list[Fact]:
    """What changed of where the customer stands. One who is gone still counts for the definitions met."""
    left, entered = _standing(before), _standing(after)
    if after is None:
        left = {(figure, where) for figure, where in left if not figure.startswith(MEETS)}
    day = now // DAY
    return [Fact(figure, day, -1, (where,)) for figure, where in sorted(left - entered, key=_order)] + [
        Fact(figure, day, 1, (where,)) for figure, where in sorted(entered - left, key=_order)
    ]


def source_of(customer: Customer | None) -> str | None:
    """Where the customer came from, as text."""
    said = None if customer is None else customer.profile.get(SOURCE)
    return None if said is None else str(said.value)


def slices_of(customer: Customer) -> tuple[Slice, ...]:
    """Overall, and the acquisition source when it is known."""
    source = source_of(customer)
    return (OVERALL,) if source is None else (OVERALL, (SOURCE, source))


def _standing(customer: Customer | None) -> set[tuple[str, Slice]]:
    if customer is None:
        return set()
    figures = [LEVEL + customer.level]
    if customer.role is not None:
        figures.append(ROLE + customer.role)
    figures += [SEGMENT + name for name in customer.segments]
    figures += [MEETS + name for name in customer.definitions]
    return {(figure, where) for figure in figures for where in slices_of(customer)}


def _order(item: tuple[str, Slice]) -> tuple[str, str]:
    return item[0], item[1][1] or ""
