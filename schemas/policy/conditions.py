"""Conditions over a customer (CONTRACT, Appendix A): what a segment is, and the comparisons that rules share."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal, TypeAlias, cast, get_origin, get_type_hints

import msgspec

from schemas.customer import CustomerLine
from schemas.policy.errors import Place
from schemas.policy.numbers import is_number

Operator: TypeAlias = Literal["equals", "not_equals", "in", "prefix", "contains", "at_least", "at_most", "exists"]
Operand: TypeAlias = str | int | float | bool
OPERATORS: tuple[Operator, ...] = (
    "equals", "not_equals", "in", "prefix", "contains", "at_least", "at_most", "exists",
)  # fmt: skip


class Compare(msgspec.Struct, frozen=True, tag="compare"):
    """One comparison. ``source`` is ``attribute`` (of the profile) or ``state`` (of the customer's line).

    ``path`` has one name for an attribute, one or more for state. ``value`` is a tuple for ``in``, a bool
    for ``exists``.
    """

    source: Literal["attribute", "state"]
    path: tuple[str, ...]
    op: Operator
    value: Operand | tuple[Operand, ...]


class All(msgspec.Struct, frozen=True, tag="all"):
    """Holds when every one of the conditions holds."""

    conditions: tuple[Condition, ...]


class Any(msgspec.Struct, frozen=True, tag="any"):
    """Holds when at least one of the conditions holds."""

    conditions: tuple[Condition, ...]


class Not(msgspec.Struct, frozen=True, tag="not"):
    """Holds when the condition does not."""

    condition: Condition


FORMS = ("attribute", "state", "all", "any", "not")
Condition: TypeAlias = Compare | All | Any | Not


def _fields(of: type[msgspec.Struct]) -> dict[str, tuple[str, ...] | None]:
    found: dict[str, tuple[str, ...] | None] = {}
    for name, inner in get_type_hints(of).items():
        structured = isinstance(inner, type) and issubclass(inner, msgspec.Struct)
        found[name] = inner.__struct_fields__ if structured else None if get_origin(inner) is tuple else ()
    return found


STATE = _fields(CustomerLine)
"""The fields of a customer's line, each with the fields inside it; None where a list is."""


def is_scalar(value: object) -> bool:
    """Whether it is a string, a number, true or false."""
    return isinstance(value, (str, bool)) or is_number(value)


def operation(
    raw: dict[str, object], place: Place, beside: Iterable[str]
) -> tuple[Operator, Operand | tuple[Operand, ...]]:
    """The one operator of a comparison and its value; ``beside`` are the other keys it may have.

    Raises:
        PolicyError: there is not exactly one, or its value does not suit it.
    """
    others = tuple(beside)
    for name in raw:
        if name not in others and name not in OPERATORS:
            raise place.unknown(name, (*OPERATORS, *others))
    given = [op for op in OPERATORS if op in raw]
    if len(given) != 1:
        raise place.just_one(OPERATORS, given)
    op = given[0]
    return op, _operand(op, raw[op], place.key(op))


def _operand(op: Operator, value: object, place: Place) -> Operand | tuple[Operand, ...]:
    if op == "in":
        if not isinstance(value, (list, tuple)) or not value:
            raise place.expected("a list of values", value)
        for index, item in enumerate(value):
            if not is_scalar(item):
                raise place.item(index).expected("a string, a number, true or false", item)
        return tuple(value)
    fits, expected = {
        "prefix": (isinstance(value, str), "a string"),
        "exists": (isinstance(value, bool), "true or false"),
        "at_least": (is_number(value) or isinstance(value, str), "a number or a string"),
        "at_most": (is_number(value) or isinstance(value, str), "a number or a string"),
    }.get(op, (is_scalar(value), "a string, a number, true or false"))
    if not fits:
        raise place.expected(expected, value)
    return cast(Operand, float(value) if isinstance(value, Decimal) else value)


def condition(raw: object, place: Place) -> Condition:
    """Read a condition.

    Raises:
        PolicyError: it is not one.
    """
    if not isinstance(raw, dict):
        raise place.expected("a condition (an object)", raw)
    forms = [form for form in FORMS if form in raw]
    if len(forms) != 1:
        raise place.just_one(FORMS, forms)
    form = forms[0]
    if form in ("attribute", "state"):
        op, value = operation(raw, place, (form,))
        path = _path(form, raw[form], place.key(form))
        return Compare("attribute" if form == "attribute" else "state", path, op, value)
    for name in raw:
        if name != form:
            raise place.unknown(name, (form,))
    inside = place.key(form)
    if form == "not":
        return Not(condition(raw[form], inside))
    if not isinstance(raw[form], (list, tuple)) or not raw[form]:
        raise inside.expected("a list of conditions", raw[form])
    parts = tuple(condition(part, inside.item(index)) for index, part in enumerate(raw[form]))
    return All(parts) if form == "all" else Any(parts)


def _path(form: str, raw: object, place: Place) -> tuple[str, ...]:
    if not isinstance(raw, str) or not raw:
        raise place.expected("a name", raw)
    if form == "attribute":
        return (raw,)
    first, *rest = path = raw.split(".")
    if first not in STATE:
        raise place.no_such("field of a customer", raw, STATE)
    inner = STATE[first]
    if inner is not None and rest and (rest[0] not in inner or len(rest) > 1):
        raise place.no_such("field of a customer", raw, [f"{first}.{name}" for name in inner])
    return tuple(path)
