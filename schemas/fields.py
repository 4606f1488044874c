"""One field of an event from its JSON value: read by its declared type, and what that type expects, in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from math import isfinite
from typing import Any, Final

from msgspec import inspect

from schemas.times import Instant, parse_instant

WRONG: Final = object()
"""What ``read`` gives for a value that does not fit."""
_DIGITS: Final = 30
_PLAIN = re.compile(r"\d{1,30}(?:\.\d{1,30})?", re.ASCII)
_SMALLEST, _BIGGEST = Decimal("1e-30"), Decimal("1e30")


def read(of: inspect.Type, value: Any) -> Any:
    """The value as the type's Python value, or ``WRONG``.

    JSON's whole numbers come as int, those with a point or an exponent as Decimal, exactly as they were written.
    """
    if isinstance(of, inspect.Metadata):
        return read(of.type, value)
    if isinstance(of, inspect.UnionType):
        if value is None:
            return None if of.includes_none else WRONG
        types = [one for one in of.types if not isinstance(one, inspect.NoneType)]
        if isinstance(value, Decimal):
            types.sort(key=lambda one: not isinstance(one, inspect.FloatType))
        return next((found for one in types if (found := read(one, value)) is not WRONG), WRONG)
    reader = _READERS.get(type(of))
    return WRONG if reader is None else reader(of, value)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def _within(of: Any, value: float) -> bool:
    return (of.ge is None or value >= of.ge) and (of.le is None or value <= of.le)


def _text(of: Any, value: Any) -> Any:
    fits = (
        isinstance(value, str)
        and len(value) >= (of.min_length or 0)
        and (of.max_length is None or len(value) <= of.max_length)
        and (of.pattern is None or re.search(of.pattern, value) is not None)
    )
    return value if fits else WRONG


def _whole(of: Any, value: Any) -> Any:
    if not _is_number(value) or (isinstance(value, Decimal) and not _is_whole(value)):
        return WRONG
    return int(value) if _within(of, int(value)) else WRONG


def _is_whole(value: Decimal) -> bool:
    """Whether it is a whole number that fits; an exponent of any size is neither an error nor work."""
    return value.copy_abs() < _BIGGEST and value == value.to_integral_value()


def _float(of: Any, value: Any) -> Any:
    if not _is_number(value):
        return WRONG
    try:
        number = float(value)
    except OverflowError:
        return WRONG
    return number if isfinite(number) and _within(of, number) else WRONG


def _money(_: Any, value: Any) -> Any:
    if isinstance(value, str):
        return Decimal(value) if _PLAIN.fullmatch(value) else WRONG
    if not _is_number(value) or not 0 <= value < _BIGGEST or 0 < value < _SMALLEST:
        return WRONG
    if isinstance(value, Decimal) and int(value.as_tuple().exponent) < -_DIGITS:
        return WRONG
    plain = format(Decimal(value), "f").removeprefix("-")
    return Decimal(plain) if _PLAIN.fullmatch(plain) else WRONG


def _flag(_: Any, value: Any) -> Any:
    return value if isinstance(value, bool) else WRONG


def _choice(of: Any, value: Any) -> Any:
    return value if isinstance(value, str) and value in of.values else WRONG


def _instant(of: Any, value: Any) -> Any:
    if of.cls is not Instant or not isinstance(value, str):
        return WRONG
    try:
        return parse_instant(value)
    except ValueError:
        return WRONG


def _map(of: Any, value: Any) -> Any:
    if not isinstance(value, dict):
        return WRONG
    found = {name: read(of.value_type, one) for name, one in value.items()}
    return WRONG if any(one is WRONG for one in found.values()) else found


_READERS: dict[type[inspect.Type], Callable[[Any, Any], Any]] = {
    inspect.StrType: _text,
    inspect.IntType: _whole,
    inspect.FloatType: _float,
    inspect.DecimalType: _money,
    inspect.BoolType: _flag,
    inspect.LiteralType: _choice,
    inspect.CustomType: _instant,
    inspect.DictType: _map,
}


def culprit(of: inspect.Type, value: Any) -> tuple[str, str, Any]:
    """Of a ``WRONG`` value: the name inside it that is at fault (or empty), what is expected and what is there."""
    if isinstance(of, inspect.DictType) and isinstance(value, dict):
        for name, inner in value.items():
            if read(of.value_type, inner) is WRONG:
                return name, describe(of.value_type), inner
    return "", describe(of), value


def describe(of: inspect.Type) -> str:
    """What a field of this type expects, such as ``a whole number from 1 to 5``."""
    match of:
        case inspect.Metadata():
            return describe(of.type)
        case inspect.UnionType():
            return " or ".join(
                dict.fromkeys(describe(one) for one in of.types if not isinstance(one, inspect.NoneType))
            )
        case inspect.StrType(pattern=str()):
            return "three capital letters (ISO 4217)"
        case inspect.StrType(max_length=int(most)):
            return f"a string of {of.min_length or 0} to {most} characters"
        case inspect.StrType():
            return "a string"
        case inspect.IntType(ge=int(least), le=int(most)) if abs(least) < 2**63:
            return f"a whole number from {least} to {most}"
        case inspect.IntType():
            return "a whole number"
        case inspect.FloatType(ge=None):
            return "a number"
        case inspect.FloatType():
            return "a number of 0 or more"
        case inspect.DecimalType():
            return "a plain decimal of 0 or more, as a string or a number"
        case inspect.BoolType():
            return "true or false"
        case inspect.LiteralType():
            return "one of " + ", ".join(str(value) for value in of.values)
        case inspect.CustomType():
            return "an RFC 3339 time with an offset, such as 2026-11-21T09:30:00.000Z"
        case _:
            return "an object"
