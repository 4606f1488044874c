"""Turn the plain values of a policy into typed ones, naming the dotted key of whatever does not fit."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from schemas.policy.errors import Place, kind
from schemas.policy.numbers import is_number
from schemas.times import DAY, Duration, parse_duration

LONGEST = 36_500 * DAY
"""A century: the longest duration a policy may name, so that no instant runs out of bounds."""


def duration(raw: object, place: Place) -> Duration:
    """Read a duration such as ``30m``, 0 or more.

    Raises:
        PolicyError: it is not one.
    """
    if not isinstance(raw, str):
        raise place.expected("a duration such as 30m, 24h or 14d", raw)
    try:
        found = parse_duration(raw)
    except ValueError as error:
        raise place.wrong(str(error)) from error
    if found > LONGEST:
        raise place.expected("a duration of at most 36500d", raw)
    return found


def span(raw: object, place: Place) -> Duration:
    """Read a duration of more than nothing.

    Raises:
        PolicyError: it is not one.
    """
    found = duration(raw, place)
    if found <= 0:
        raise place.expected("a duration of more than 0", raw)
    return found


def typed(raw: object, of: Any, place: Place) -> Any:
    """The value as the type ``of``: a struct, a dict, a tuple, a duration, or what msgspec converts.

    Raises:
        PolicyError: it is not one; the message names the dotted key.
    """
    if get_origin(of) in (Union, UnionType):
        if raw is None and NoneType in get_args(of):
            return None
        (of,) = (one for one in get_args(of) if one is not NoneType)
    bare, extra = _bare(of)
    if bare is Duration:
        return span(raw, place) if extra.get("above") == 0 else duration(raw, place)
    if bare is Decimal:
        return _money(raw, extra, place)
    if isinstance(bare, type) and issubclass(bare, msgspec.Struct):
        return _struct(raw, bare, place)
    if get_origin(bare) is dict:
        return _map(raw, bare, place)
    if get_origin(bare) is tuple:
        if not isinstance(raw, (list, tuple)):
            raise place.expected("a list", raw)
        return tuple(typed(one, get_args(bare)[0], place.item(index)) for index, one in enumerate(raw))
    if get_origin(bare) is Literal:
        if raw not in get_args(bare):
            raise place.one_of(get_args(bare), raw)
        return raw
    if isinstance(raw, float) and not is_number(raw):
        raise place.expected("a finite number", raw)
    try:
        return msgspec.convert(raw, of)
    except msgspec.ValidationError as error:
        message = str(error).replace("`", "")
        shown = "" if ", got " in message else f", got {kind(raw)}"
        raise place.wrong(message[:1].lower() + message[1:] + shown) from error


def _bare(of: Any) -> tuple[Any, dict[str, Any]]:
    if get_origin(of) is not Annotated:
        return of, {}
    bare, *metas = get_args(of)
    return bare, next((meta.extra for meta in metas if isinstance(meta, Meta) and meta.extra), {})


def _money(raw: object, extra: dict[str, Any], place: Place) -> Decimal:
    amount = Decimal(str(raw)) if is_number(raw) else None
    strict = extra.get("above") == 0
    if amount is None or amount < 0 or (strict and amount == 0):
        raise place.expected("a number of more than 0" if strict else "a number of 0 or more", raw)
    return amount


def named(raw: object, place: Place) -> dict[str, Any]:
    """An object whose keys are names of one's own.

    Raises:
        PolicyError: it is not one.
    """
    if not isinstance(raw, dict):
        raise place.expected("an object", raw)
    for name in raw:
        if not isinstance(name, str) or not name:
            raise place.expected("names as keys", name)
    return raw


def _map(raw: object, of: Any, place: Place) -> dict[str, Any]:
    names, values = get_args(of)
    given, known = named(raw, place), get_args(names)
    for name in given:
        if known and name not in known:
            raise place.unknown(name, known)
    return {name: typed(value, values, place.key(name)) for name, value in given.items()}


@cache
def _shape(of: type[msgspec.Struct]) -> tuple[dict[str, bool], dict[str, Any]]:
    """The fields of a struct and whether each is required, and their types; to read annotations takes long."""
    fields = {field.name: field.required for field in msgspec.structs.fields(of)}
    return fields, get_type_hints(of, include_extras=True)


def _struct(raw: object, of: type[msgspec.Struct], place: Place) -> Any:
    if not isinstance(raw, dict):
        raise place.expected("an object", raw)
    fields, types = _shape(of)
    for name in raw:
        if name not in fields:
            if name == "cooldown" and hasattr(of, "cooldown"):
                raise place.key("cooldown").wrong("this trigger takes no cooldown")
            raise place.unknown(name, fields)
    values = {}
    for name, required in fields.items():
        if name in raw:
            values[name] = typed(raw[name], types[name], place.key(name))
        elif required:
            raise place.key(name).wrong("missing")
    return of(**values)
