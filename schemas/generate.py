"""JSON Schemas of all topics and the AsyncAPI document, from the types that validate (CONTRACT 8).

``python -m schemas.generate`` writes them anew into ``schemas/generated``, where they are checked in.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Union

import msgspec
import orjson

from schemas.asyncapi import asyncapi
from schemas.customer import CustomerLine
from schemas.deadletters import DeadLetterRecord
from schemas.events import EVENTS, Event
from schemas.figures import Figures
from schemas.outputs import EMISSIONS, SOURCE, Kpi
from schemas.policyschema import policy_schema
from schemas.times import Duration, Instant
from schemas.topics import DEAD_LETTERS, OUTPUTS

DRAFT = "https://json-schema.org/draft/2020-12/schema"
FOLDER = Path(__file__).parent / "generated"
TIME = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$",
}
_MONEY_IN: list[dict[str, Any]] = [
    {"type": "string", "pattern": r"^[0-9]{1,30}(\.[0-9]{1,30})?$"},
    {"type": "number", "minimum": 0},
]
_MONEY_SET: list[dict[str, Any]] = [{"type": "number", "minimum": 0}]


def _custom(of: type) -> dict[str, Any]:
    if of is Instant:
        return TIME
    if of is Duration:
        return {"type": "string", "pattern": "^[0-9]+(ms|s|m|h|d|w)$"}
    raise NotImplementedError


def _with_money(schema: Any, forms: list[dict[str, Any]]) -> Any:
    """The schema with its decimals as they may be written."""
    if isinstance(schema, list):
        return [_with_money(inner, forms) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "decimal":
        words = {name: schema[name] for name in ("description",) if name in schema}
        return {**words, **(forms[0] if len(forms) == 1 else {"anyOf": forms})}
    return {name: _with_money(inner, forms) for name, inner in schema.items()}


def _schemas(types: list[Any], money: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    found, definitions = msgspec.json.schema_components(types, schema_hook=_custom, ref_template="#/$defs/{name}")
    return _with_money(list(found), money), _with_money(definitions, money)


def _events(topic: str) -> dict[str, Any]:
    kinds: tuple[type[Event], ...] = EVENTS[topic]
    (schema,), definitions = _schemas([Union[kinds]], _MONEY_IN)  # noqa: UP007
    return {**schema, "$defs": definitions}


def _record(of: type) -> dict[str, Any]:
    (schema,), definitions = _schemas([of], _MONEY_IN)
    return {**schema, "$defs": definitions}


def _envelopes(topic: str) -> dict[str, Any]:
    kinds = [kind for kind in EMISSIONS if kind.topic == topic]
    _, definitions = _schemas([*kinds, Figures], _MONEY_IN)
    if Kpi not in kinds:
        definitions = {name: one for name, one in definitions.items() if name in _reached(definitions, kinds)}
    for kind in kinds:
        data = definitions[kind.__name__]
        data["properties"].pop("id")
        data["required"].remove("id")
        data["properties"]["at"] = TIME
        if kind is Kpi:
            data["properties"]["figures"] = {"$ref": "#/$defs/Figures"}
        definitions[f"{kind.__name__}Event"] = _cloudevent(kind.type, kind.__name__)
    return {"anyOf": [{"$ref": f"#/$defs/{kind.__name__}Event"} for kind in kinds], "$defs": definitions}


def _reached(definitions: dict[str, Any], kinds: list[Any]) -> set[str]:
    found: set[str] = set()
    todo = [kind.__name__ for kind in kinds]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            text = orjson.dumps(definitions[name]).decode()
            todo += [other for other in definitions if f'"#/$defs/{other}"' in text]
    return found


def _cloudevent(kind: str, data: str) -> dict[str, Any]:
    text = {"type": "string", "minLength": 1}
    properties = {
        "specversion": {"const": "1.0"},
        "id": text,
        "source": {"const": SOURCE},
        "type": {"const": kind},
        "subject": text,
        "time": TIME,
        "datacontenttype": {"const": "application/json"},
        "data": {"$ref": f"#/$defs/{data}"},
    }
    return {"title": f"{data}Event", "type": "object", "properties": properties, "required": list(properties)}


def documents() -> dict[str, str]:
    """Every document by its file name, as indented JSON: schemas of topics, policy and customer line, AsyncAPI."""
    schemas: dict[str, dict[str, Any]] = {topic: _events(topic) for topic in EVENTS}
    schemas |= {topic.name: _envelopes(topic.name) for topic in OUTPUTS if topic is not DEAD_LETTERS}
    schemas[DEAD_LETTERS.name] = _record(DeadLetterRecord)
    channels = dict(schemas)
    schemas["customer"] = _record(CustomerLine)
    schemas["policy"] = policy_schema(partial(_schemas, money=_MONEY_SET))
    texts = {f"{name}.schema.json": _text({"$schema": DRAFT, "title": name, **one}) for name, one in schemas.items()}
    return {**texts, "asyncapi.json": _text(asyncapi(channels))}


def _text(document: dict[str, Any]) -> str:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def write(folder: Path) -> None:
    """Write every document into the folder, which is made if need be.

    Raises:
        OSError: a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(FOLDER)
