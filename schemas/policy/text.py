"""Policy text to plain values: YAML 1.2's core schema, so that NO is a country and 1:30 is text."""

from __future__ import annotations

import re
from typing import Any

import yaml

from schemas.policy.errors import PolicyError


class _Core(yaml.SafeLoader):
    """A safe loader that knows null, booleans and numbers as JSON does, and refuses a key given twice."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for name, _ in node.value:
            if not isinstance(name, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "expected a name as key", name.start_mark)
            if name.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{name.value} is given twice", name.start_mark)
            seen.add(name.value)
        return super().construct_mapping(node, deep)


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", list("-+0123456789")),
    ("float", r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    _Core.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first)


def read_yaml(text: str) -> object:
    """The plain value of a YAML document; ``version`` at the top is kept as it is written, ``1.10`` too.

    Raises:
        PolicyError: it is not one YAML document; the line says where.
    """
    try:
        loader = _Core(text)
        node = loader.get_single_node()
        return None if node is None else loader.construct_document(_with_version(node))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"line {mark.line + 1}: " if mark else ""
        message = f"policy: {line}not YAML: {' '.join((error.problem or str(error)).split())}"
        raise PolicyError(message) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        message = f"policy: not YAML: {' '.join(str(error).split())}"
        raise PolicyError(message) from error


def _with_version(node: yaml.Node) -> yaml.Node:
    """The document with a ``version`` that is a number made text."""
    for name, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if name.value == "version" and value.tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float"):
            value.tag = "tag:yaml.org,2002:str"
    return node
