"""Comparisons of the policy, and filters over events (CONTRACT, Appendix A, B35)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from schemas.times import Instant, format_instant

if TYPE_CHECKING:
    from schemas.events import Event
    from schemas.policy.conditions import Operator
    from schemas.policy.rules import Filter

DEFAULTS = {"transactional": False, "bounce_kind": "hard", "priority": "normal", "currency": "USD"}
"""What an absent field stands for, where the contract gives a default."""


def number_of(value: object) -> Decimal | None:
    """A number, or a string that is one, as an exact decimal; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int):
        return Decimal(int(value))
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, str):
        if value[:1].isalpha():
            return None
        try:
            number = Decimal(value)
        except InvalidOperation:
            return None
        return number if number.is_finite() else None
    return None


def _same(value: object, operand: object) -> bool:
    right = number_of(operand)
    left = None if right is None else number_of(value)
    if left is not None:
        return left == right
    return type(value) is type(operand) and value == operand


def compare(value: Any, op: Operator, operand: Any) -> bool:
    """Whether ``value OP operand``; an unknown value (None) satisfies only ``exists: false``."""
    if op == "exists":
        return (value is not None) is operand
    if value is None:
        return False
    if isinstance(value, Instant):
        value = format_instant(value)
    match op:
        case "equals":
            return _same(value, operand)
        case "not_equals":
            return not _same(value, operand)
        case "in":
            return any(_same(value, item) for item in operand)
        case "prefix":
            return isinstance(value, str) and value.startswith(operand)
        case "contains":
            return _contains(value, operand)
        case _:
            return _ordered(value, op, operand)


def _contains(value: Any, operand: Any) -> bool:
    if isinstance(value, str):
        return str(operand) in value
    if isinstance(value, (list, tuple)):
        return any(
            any(_same(inner, operand) for inner in item.values()) if isinstance(item, dict) else _same(item, operand)
            for item in value
        )
    return False


def _ordered(value: Any, op: Operator, operand: Any) -> bool:
    right = number_of(operand)
    left = None if right is None else number_of(value)
    if left is not None and right is not None:
        return left >= right if op == "at_least" else left <= right
    if isinstance(value, str) and isinstance(operand, str):
        return value >= operand if op == "at_least" else value <= operand
    return False


def field_of(event: Event, name: str) -> Any:
    """A field of an event, with the contract's default when it is absent; ``attributes.x`` of a profile."""
    if name.startswith("attributes."):
        attributes = getattr(event, "attributes", None)
        return attributes.get(name.partition(".")[2]) if attributes else None
    if name == "type":
        return event.action.partition(".")[2]
    value = getattr(event, name, None)
    return DEFAULTS.get(name) if value is None and hasattr(event, name) else value


def matches(event: Event, wanted: Filter) -> bool:
    """Whether an event passes a filter."""
    if event.topic != wanted.topic or (wanted.type is not None and event.action != f"{wanted.topic}.{wanted.type}"):
        return False
    return all(compare(field_of(event, test.field), test.op, test.value) for test in wanted.where)
