"""The policy: every weight, window and rule, validated when it is loaded (CONTRACT, Appendix A)."""

from schemas.policy.conditions import OPERATORS, All, Any, Compare, Condition, Not
from schemas.policy.errors import PolicyError
from schemas.policy.load import ACTIONS, DEFAULT_YAML, load, merge
from schemas.policy.rules import Absence, Count, CustomRule, Distinct, FieldTest, Filter, Sum
from schemas.policy.shape import CustomerDefinition, Policy
from schemas.policy.triggers import BUILT_IN

__all__ = [
    "ACTIONS",
    "BUILT_IN",
    "DEFAULT_YAML",
    "OPERATORS",
    "Absence",
    "All",
    "Any",
    "Compare",
    "Condition",
    "Count",
    "CustomRule",
    "CustomerDefinition",
    "Distinct",
    "FieldTest",
    "Filter",
    "Not",
    "Policy",
    "PolicyError",
    "Sum",
    "load",
    "merge",
]
