"""The JSON Schema of a policy file: what an editor checks while it is written. The loader checks more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_type_hints

from schemas.events import EVENTS
from schemas.policy.conditions import OPERATORS
from schemas.policy.shape import Allowance, Policy

_SPAN = {"type": "string", "pattern": "^[0-9]+(ms|s|m|h|d|w)$"}
_NAME = {"type": "string", "minLength": 1}
_SCALAR = {"type": ["string", "number", "boolean"]}
_LEAST = {"type": ["number", "string"]}
_OPERANDS: dict[str, Any] = {
    "in": {"type": "array", "items": _SCALAR, "minItems": 1},
    "prefix": {"type": "string"},
    "at_least": _LEAST,
    "at_most": _LEAST,
    "exists": {"type": "boolean"},
}
_TESTS: dict[str, Any] = {op: _OPERANDS.get(op, _SCALAR) for op in OPERATORS}
_ONE_TEST = [{"required": [op]} for op in OPERATORS]


def _object(properties: dict[str, Any], required: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
        **more,
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


def _tally(form: str, filtered: str) -> dict[str, Any]:
    least = {"type": "number"} if form == "sum" else {"type": "integer", "minimum": 1}
    return _object({form: _ref(filtered), "at_least": least, "within": _SPAN}, (form, "at_least", "within"))


def _compare(source: str) -> dict[str, Any]:
    return _object({source: _NAME, **_TESTS}, (source,), oneOf=_ONE_TEST)


def _hand_read() -> dict[str, Any]:
    """The parts that the loader reads by hand: conditions and rules."""
    filtered = {"topic": {"enum": list(EVENTS)}, "type": _NAME, "where": {"type": "array", "items": _ref("FieldTest")}}
    parts = {"type": "array", "items": _ref("Condition"), "minItems": 1}
    example = _object(
        {"events": {"type": "array", "items": {"type": "object", "required": ["topic"]}}, "fires": {"type": "boolean"}},
        ("events", "fires"),
    )
    forms = [
        _compare("attribute"),
        _compare("state"),
        _object({"all": parts}, ("all",)),
        _object({"any": parts}, ("any",)),
        _object({"not": _ref("Condition")}, ("not",)),
    ]
    tally = [_tally("count", "Filter"), _tally("sum", "FieldFilter"), _tally("distinct", "FieldFilter")]
    absence = {"absence": _ref("Filter"), "for": _SPAN, "since": _ref("Filter")}
    rule = {
        "name": _NAME,
        "when": {"anyOf": [_ref("Tally"), _object(absence, tuple(absence))]},
        "unless": _ref("Tally"),
        "cooldown": _SPAN,
        "subject": _NAME,
        "enabled": {"type": "boolean"},
        "examples": {"type": "array", "items": example},
    }
    return {
        "Condition": {"oneOf": forms},
        "FieldTest": _object({"field": _NAME, **_TESTS}, ("field",), oneOf=_ONE_TEST),
        "Filter": _object(filtered, ("topic",)),
        "FieldFilter": _object({**filtered, "field": _NAME}, ("topic", "field")),
        "Tally": {"oneOf": tally},
        "Rule": _object(rule, ("name", "when")),
    }


def policy_schema(of: Callable[[list[Any]], tuple[list[dict[str, Any]], dict[str, Any]]]) -> dict[str, Any]:
    """The schema of a policy file; ``of`` gives the schemas of types and their definitions.

    Every key may be left out, since the file is merged over the defaults.
    """
    hints = get_type_hints(Policy, include_extras=True)
    typed = [name for name in hints if name not in ("rules", "segments")]
    found, definitions = of([hints[name] for name in typed])
    for name, definition in definitions.items():
        definition["additionalProperties"] = False
        if name != Allowance.__name__:
            definition.pop("required", None)
    properties = dict(zip(typed, found, strict=True))
    properties["version"] = {"type": ["string", "number"], "minLength": 1}
    properties["segments"] = {"type": "object", "additionalProperties": _ref("Condition")}
    properties["rules"] = {"type": "array", "items": _ref("Rule")}
    schema = _object({name: properties[name] for name in Policy.__struct_fields__})
    return {**schema, "description": Policy.__doc__, "$defs": {**definitions, **_hand_read()}}
