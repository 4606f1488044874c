"""Custom rules: count, sum, distinct and absence of events, with no code (CONTRACT 6, Appendix A)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from schemas.policy.conditions import Operand, Operator


class FieldTest(msgspec.Struct, frozen=True):
    """A comparison of one field of an event; dotted for an attribute of a profile (``attributes.country``)."""

    field: str
    op: Operator
    value: Operand | tuple[Operand, ...]


class Filter(msgspec.Struct, frozen=True):
    """Events of a topic, of one ``type`` or of any (None), for which every test of ``where`` holds."""

    topic: str
    type: str | None = None
    where: tuple[FieldTest, ...] = ()


class Count(msgspec.Struct, frozen=True, tag="count"):
    """``at_least`` so many events of the filter ``within`` so many milliseconds."""

    filter: Filter
    at_least: int
    within: int


class Sum(msgspec.Struct, frozen=True, tag="sum"):
    """The sum of a numeric ``field`` over the events of the filter is ``at_least`` this, exactly."""

    filter: Filter
    field: str
    at_least: Decimal
    within: int


class Distinct(msgspec.Struct, frozen=True, tag="distinct"):
    """``field`` has ``at_least`` so many different values over the events of the filter."""

    filter: Filter
    field: str
    at_least: int
    within: int


class Absence(msgspec.Struct, frozen=True, tag="absence"):
    """No event of the filter for ``span`` milliseconds (the file's ``for``) after an event of ``since``."""

    filter: Filter
    span: int
    since: Filter


Tally: TypeAlias = Count | Sum | Distinct
When: TypeAlias = Count | Sum | Distinct | Absence


class Example(msgspec.Struct, frozen=True):
    """Events of one customer, each with its ``topic``, and whether the rule is to fire on them."""

    events: tuple[dict[str, Any], ...]
    fires: bool


class CustomRule(msgspec.Struct, frozen=True, kw_only=True):
    """A trigger of the policy's own: fires when ``when`` comes to hold and ``unless`` does not.

    ``subject`` names a field of the event: each of its values is counted by itself. ``cooldown`` is in milliseconds.
    """

    name: str
    when: When
    unless: Tally | None = None
    cooldown: int = 0
    subject: str | None = None
    enabled: bool = True
    examples: tuple[Example, ...] = ()
