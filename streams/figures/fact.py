"""A fact: so much more of one figure, on one day, in some slices.

Figures are named ``kind`` or ``kind:which``: ``orders``, ``reached:lead``, ``revenue:USD``, ``level:high``. A slice is
a dimension and its value; ``OVERALL`` is everything. Amounts are whole numbers or exact decimals, never floats, so that
facts may be added in any order and in any grouping.
"""

from __future__ import annotations

from decimal import Context, Decimal
from typing import NamedTuple, TypeAlias

Slice: TypeAlias = "tuple[str | None, str | None]"
Amount: TypeAlias = "int | Decimal"

OVERALL: Slice = (None, None)
ALL = (OVERALL,)
_EXACT = Context(prec=1_000)


DISTINCT = frozenset({"openers", "clickers", "unsubscribes", "direct", "influenced"})
"""Figures that count distinct customers: their days do not add up, so the total has facts of its own."""


class Fact(NamedTuple):
    """``amount`` more of ``figure`` in each of the slices, on a UTC day (days since 1970-01-01) and in total.

    A figure of ``DISTINCT`` counts on the day only; with ``day`` None it counts in the total only.
    """

    figure: str
    day: int | None
    amount: Amount = 1
    slices: tuple[Slice, ...] = ALL


def cells(fact: Fact) -> list[tuple[Slice, int | None]]:
    """Where a fact counts: each of its slices on its day and in total (day None)."""
    days = (fact.day,) if fact.day is None or fact.figure in DISTINCT else (fact.day, None)
    return [(where, day) for where in fact.slices for day in days]


def less(amount: Amount) -> Amount:
    """The amount with the other sign, exactly."""
    return amount.copy_negate() if isinstance(amount, Decimal) else -amount


def add(one: Amount, other: Amount) -> Amount:
    """The exact sum."""
    if isinstance(one, Decimal) or isinstance(other, Decimal):
        return _EXACT.add(Decimal(one), Decimal(other))
    return one + other
