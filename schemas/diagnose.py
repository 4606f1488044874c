"""The slow reading of a value: what is wrong with it, in the order of the contract (B14), or the event after all."""

from __future__ import annotations

import json
from decimal import Decimal, DecimalException
from sys import float_info
from typing import Any, cast

from msgspec import inspect

from schemas.deadletters import DeadLetter
from schemas.events import EVENTS, Event
from schemas.fields import WRONG, culprit, describe, read

DEEPEST = 200
"""How deep objects and lists may nest in a value, so that no reader runs out of stack."""
COMMON = ("event_id", "customer_id", "occurred_at", "campaign_id", "source", "session_id")

_FIELDS = {
    kind: {field.name: field for field in cast(inspect.StructType, inspect.type_info(kind)).fields}
    for kinds in EVENTS.values()
    for kind in kinds
}
_COMMON = {field.name: field for field in cast(inspect.StructType, inspect.type_info(Event)).fields}
_KINDS = {topic: {kind.action.removeprefix(f"{topic}."): kind for kind in kinds} for topic, kinds in EVENTS.items()}


def diagnose(topic: str, value: bytes) -> Event | DeadLetter:
    """The event, or the first thing that is wrong with it. Never raises."""
    raw = _parsed(value)
    if isinstance(raw, DeadLetter):
        return raw
    if not isinstance(raw, dict):
        return DeadLetter("schema", f"value: expected a JSON object, got {_kind(raw)}")
    kinds = _KINDS.get(topic)
    if kinds is None:
        return DeadLetter("unknown_type", f"topic: expected one of {', '.join(EVENTS)}")
    values: dict[str, Any] = {}
    wrong = _take(raw, {name: _COMMON[name] for name in COMMON}, values)
    if wrong is None and not isinstance(raw.get("type"), str):
        wrong = _wrong("type", "a string", raw.get("type"))
    if wrong is not None:
        return wrong
    kind = kinds.get(raw["type"])
    if kind is None:
        return DeadLetter("unknown_type", f"type: expected one of {', '.join(kinds)}")
    rest = {name: field for name, field in _FIELDS[kind].items() if name not in COMMON}
    return _take(raw, rest, values) or kind(**values)


def _take(raw: dict[str, Any], fields: dict[str, inspect.Field], into: dict[str, Any]) -> DeadLetter | None:
    for name, field in fields.items():
        given = raw.get(name)
        if given is None:
            if field.required:
                return _wrong(name, describe(field.type), None)
            continue
        value = read(field.type, given)
        if value is WRONG:
            inner, expected, got = culprit(field.type, given)
            return _wrong(f"{name}.{inner}" if inner else name, expected, got)
        into[name] = value
    return None


def _wrong(name: str, expected: str, got: object) -> DeadLetter:
    return DeadLetter("schema", f"{name}: expected {expected}, got {'nothing' if got is None else _kind(got)}")


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)) and not _size(value) <= float_info.max:
        return "a number beyond 1.8e308"
    names = {str: "a string", int: "a number", Decimal: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), "null")


def _size(value: int | Decimal) -> int | Decimal:
    return value.copy_abs() if isinstance(value, Decimal) else abs(value)


def _parsed(value: bytes) -> Any:
    try:
        text = value.decode()
    except UnicodeDecodeError as error:
        return DeadLetter("not_json", f"value: expected UTF-8, byte {error.start} is not")
    if _depth(value) > DEEPEST:
        return DeadLetter("not_json", f"value: expected JSON nested at most {DEEPEST} deep")
    try:
        raw = json.loads(text, parse_constant=_constant, parse_float=_number, parse_int=_whole)
    except json.JSONDecodeError as error:
        return DeadLetter("not_json", f"value: expected JSON: {error.msg} at character {error.pos}")
    except ValueError as error:
        return DeadLetter("not_json", f"value: expected JSON: {error}")
    if "\\u" in text and not _is_text(raw):
        return DeadLetter("not_json", "value: expected JSON: half of a surrogate pair")
    return raw


def _constant(name: str) -> object:
    message = f"{name} is no JSON number"
    raise ValueError(message)


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) < 1000 else _number(text)


def _number(text: str) -> Decimal:
    """The number exactly as it is written; one beyond all exponents is infinite and fits no field."""
    try:
        return Decimal(text)
    except DecimalException:
        return Decimal("Infinity")


def _is_text(raw: Any) -> bool:
    """Whether all its strings can be written in UTF-8."""
    if isinstance(raw, str):
        return raw.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in raw)
    if isinstance(raw, dict):
        return all(_is_text(name) and _is_text(inner) for name, inner in raw.items())
    return not isinstance(raw, list) or all(_is_text(inner) for inner in raw)


def _depth(value: bytes) -> int:
    """How deep the value nests; text inside strings does not count."""
    if value.count(b"[") + value.count(b"{") <= DEEPEST:
        return 0
    depth = deepest = 0
    inside = escaped = False
    for byte in value:
        if inside:
            inside = escaped or byte != 0x22
            escaped = byte == 0x5C and not escaped
        elif byte == 0x22:
            inside = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest
