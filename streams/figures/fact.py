"""A fact: so much more of one figure, on one day, in some slices.

Figures are named ``kind`` or ``kind:which``: ``orders``, ``reached:lead``, ``revenue:USD``, ``level:high``. A slice is a
dimension and its value; ``OVERALL`` is everything. Amounts are whole numbers or exact decimals, never floats, so that
facts may be added in any order and in any grouping.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple, TypeAlias

Slice: TypeAlias = "tuple[str | None, str | None]"
Amount: TypeAlias = "int | Decimal"

OVERALL: Slice = (None, None)
ALL = (OVERALL,)


class Fact(NamedTuple):
    """``amount`` more of ``figure`` on a UTC day (days since 1970-01-01), in each of the slices."""

    figure: str
    day: int
    amount: Amount = 1
    slices: tuple[Slice, ...] = ALL
