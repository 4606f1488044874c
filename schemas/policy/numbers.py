"""The kinds of numbers a policy holds, with their bounds."""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from typing import Annotated, TypeAlias

from msgspec import Meta

from schemas.times import Duration

Span: TypeAlias = Annotated[Duration, Meta(extra={"above": 0})]
"""A duration of more than nothing."""
Positive: TypeAlias = Annotated[int, Meta(ge=1)]
Whole: TypeAlias = Annotated[int, Meta(ge=0)]
Fraction: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
Points: TypeAlias = Annotated[float, Meta(ge=-1e6, le=1e6)]
Money: TypeAlias = Annotated[Decimal, Meta(extra={"least": 0})]
"""An exact amount in the policy's currency, 0 or more."""


def is_number(value: object) -> bool:
    """Whether it is a finite number; true and false are none."""
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) and isfinite(value)
