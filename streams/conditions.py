"""Conditions of the policy over a customer: segments (CONTRACT 5, Appendix A)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from schemas.policy.conditions import All, Compare, Not
from schemas.policy.conditions import Any as AnyOf
from streams.compare import compare
from streams.describe import FIELDS, PARTS

if TYPE_CHECKING:
    from schemas.policy.conditions import Condition
    from streams.plan import Plan
    from streams.state import Customer


def holds(condition: Condition, customer: Customer, now: int, plan: Plan) -> bool:
    """Whether a condition holds for a customer at ``now``."""
    match condition:
        case Compare():
            return compare(_value(condition, customer, now, plan), condition.op, condition.value)
        case All():
            return all(holds(part, customer, now, plan) for part in condition.conditions)
        case AnyOf():
            return any(holds(part, customer, now, plan) for part in condition.conditions)
        case Not():
            return not holds(condition.condition, customer, now, plan)


def _value(test: Compare, customer: Customer, now: int, plan: Plan) -> Any:
    if test.source == "attribute":
        attribute = customer.profile.get(test.path[0])
        return None if attribute is None else attribute.value
    part = PARTS.get(test.path)
    if part is not None:
        return part(customer, now, plan)
    first, *rest = test.path
    value: Any = FIELDS[first](customer, now, plan)
    for name in rest:
        value = cast("dict[str, Any]", value).get(name) if isinstance(value, dict) else None
    return value
