"""Operators, segment conditions and custom rules (CONTRACT 6, Appendix A, B35)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from tests.oracle.decode import Ev
from tests.oracle.mail import latest_attribute

OPERATORS = ("equals", "not_equals", "in", "prefix", "contains", "at_least", "at_most", "exists")


def number(value: Any) -> Decimal | None:
    """The number that a value is or spells."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def same(left: Any, right: Any) -> bool:
    """Equality, with strings that are numbers taken as numbers."""
    if number(left) is not None and number(right) is not None:
        return number(left) == number(right)
    return type(left) is type(right) and bool(left == right)


def holds(value: Any, test: dict[str, Any]) -> bool:
    """Whether a value passes the operators of a test."""
    return all(_operator(name, value, test[name]) for name in OPERATORS if name in test)


def _operator(name: str, value: Any, wanted: Any) -> bool:
    if name == "exists":
        return (value is not None) == wanted
    if value is None:
        return False
    if name == "equals":
        return same(value, wanted)
    if name == "not_equals":
        return not same(value, wanted)
    if name == "in":
        return any(same(value, each) for each in wanted)
    if name == "prefix":
        return str(value).startswith(str(wanted))
    if name == "contains":
        return wanted in value if isinstance(value, str | list) else False
    left, right = number(value), number(wanted)
    if left is None or right is None:
        return False
    return left >= right if name == "at_least" else left <= right


def in_segment(condition: dict[str, Any], events: list[Ev], line: dict[str, Any]) -> bool:
    """Whether a customer meets a condition."""
    if "all" in condition:
        return all(in_segment(each, events, line) for each in condition["all"])
    if "any" in condition:
        return any(in_segment(each, events, line) for each in condition["any"])
    if "not" in condition:
        return not in_segment(condition["not"], events, line)
    if "attribute" in condition:
        return holds(latest_attribute(events, condition["attribute"]), condition)
    value: Any = line
    for part in condition["state"].split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return holds(value, condition)


def matching(events: list[Ev], spec: dict[str, Any]) -> list[Ev]:
    """The events that a filter selects."""
    return [
        e
        for e in events
        if spec.get("topic") in (None, e.topic)
        and spec.get("type") in (None, e.kind)
        and all(holds(e.get(test["field"]), test) for test in spec.get("where", []))
    ]


def met(clause: dict[str, Any], events: list[Ev], now: int) -> bool:
    """Whether a count, sum or distinct over its window is large enough at ``now``."""
    kind = next(k for k in ("count", "sum", "distinct") if k in clause)
    spec = clause[kind]
    found = matching([e for e in events if now - clause["within"] < e.at <= now], spec)
    if kind == "count":
        return len(found) >= clause["at_least"]
    values = [e.get(spec["field"]) for e in found if e.get(spec["field"]) is not None]
    if kind == "distinct":
        return len({str(v) for v in values}) >= clause["at_least"]
    total = sum((number(v) or Decimal(0) for v in values), Decimal(0))
    return total >= Decimal(str(clause["at_least"]))


def rule_subjects(rule: dict[str, Any], events: list[Ev], now: int) -> set[str | None]:
    """The subjects for which a rule of a count, a sum or a distinct holds."""
    if "absence" in rule["when"]:
        return set()
    if "unless" in rule and met(rule["unless"], events, now):
        return set()
    if "subject" not in rule:
        return {None} if met(rule["when"], events, now) else set()
    groups: dict[str, list[Ev]] = {}
    for event in events:
        value = event.get(rule["subject"])
        if value is not None:
            groups.setdefault(str(value), []).append(event)
    return {value for value, group in groups.items() if met(rule["when"], group, now)}
