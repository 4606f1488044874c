"""Load a policy: the defaults, what a file lays over them, and the checks across keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from schemas.events import EVENTS
from schemas.policy.conditions import condition
from schemas.policy.errors import Place, PolicyError
from schemas.policy.rulefile import rules
from schemas.policy.shape import Policy
from schemas.policy.text import read_yaml
from schemas.policy.values import named, typed
from schemas.times import DAY

ACTIONS = tuple(event.action for events in EVENTS.values() for event in events)
"""Every action, ``topic.type``."""
DEFAULT_YAML = files("schemas").joinpath("policy.yaml").read_text("utf-8")
"""The text of the default policy, complete."""


@cache
def _defaults() -> dict[str, Any]:
    found = read_yaml(DEFAULT_YAML)
    assert isinstance(found, dict)  # noqa: S101
    return found


@cache
def _types() -> dict[str, Any]:
    return get_type_hints(Policy, include_extras=True)


def load(path: Path | None) -> Policy:
    """The policy of a YAML file merged over the defaults, or the defaults alone.

    Raises:
        PolicyError: the file cannot be read, is not YAML, or is not a valid policy.
    """
    if path is None:
        return merge({})
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        message = f"policy: cannot read {path}: {error.strerror or error}"
        raise PolicyError(message) from error
    except UnicodeDecodeError as error:
        message = f"policy: cannot read {path}: not UTF-8"
        raise PolicyError(message) from error
    found = read_yaml(text)
    if found is None:
        return merge({})
    if not isinstance(found, dict):
        raise Place().expected("an object of keys at the top", found)
    return merge(found)


def merge(over: Mapping[str, Any]) -> Policy:
    """The policy that ``over`` makes of the defaults: objects deep, lists and scalars replaced.

    Raises:
        PolicyError: a key is unknown or a value is not what it must be.
    """
    try:
        return _build(_merged(_defaults(), dict(over)))
    except RecursionError as error:
        raise Place().wrong("nested too deeply") from error


def _merged(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for name, value in over.items():
        below = base.get(name)
        result[name] = _merged(below, value) if isinstance(below, dict) and isinstance(value, Mapping) else value
    return result


def _build(raw: dict[str, Any]) -> Policy:
    top, types, values = Place(), _types(), dict[str, Any]()
    for name in raw:
        if name not in types:
            raise top.unknown(name, types)
    for name, of in types.items():
        here, value = top.key(name), raw[name]
        if name == "rules":
            values[name] = rules(value, here)
        elif name == "segments":
            values[name] = {each: condition(inner, here.key(each)) for each, inner in named(value, here).items()}
        else:
            whole = name == "version" and isinstance(value, (int, float)) and not isinstance(value, bool)
            values[name] = typed(str(value) if whole else value, of, here)
    policy = Policy(**values)
    _check_score(policy)
    _check_contact(policy)
    _check_names(policy)
    ordered = dict(sorted(policy.tiers.items(), key=lambda tier: tier[1]))
    return msgspec.structs.replace(policy, tiers=ordered)


def _check_score(policy: Policy) -> None:
    score = Place("score")
    for field, actions in (("half_lives", policy.score.half_lives), ("points", policy.score.points)):
        for action in actions:
            if action not in ACTIONS:
                raise score.key(field).no_such("action", action, ACTIONS)
    if policy.score.levels.medium >= policy.score.levels.high:
        wrong = f"expected less than high ({policy.score.levels.high}), got {policy.score.levels.medium}"
        raise score.key("levels").key("medium").wrong(wrong)
    for index, topic in enumerate(policy.score.daily_cap.topics):
        if topic not in EVENTS:
            here = score.key("daily_cap").key("topics").item(index)
            raise here.one_of(EVENTS, topic)


def _check_contact(policy: Policy) -> None:
    if policy.contact.weekly_until < policy.contact.first.span:
        raise Place("contact.weekly_until").wrong("expected no less than contact.first.span")
    if policy.fatigue.at_least > policy.fatigue.messages:
        raise Place("fatigue.at_least").wrong("expected no more than fatigue.messages")
    if policy.triggers.interest_surge.within % DAY:
        raise Place("triggers.interest_surge.within").wrong("expected whole days")


def _check_names(policy: Policy) -> None:
    least = sorted(policy.tiers.values())
    if not least or least[0] != 0:
        raise Place("tiers").wrong("expected one tier from 0")
    if len(set(least)) < len(least):
        raise Place("tiers").wrong("expected a different threshold for each")
    for index, pattern in enumerate(policy.roles.decision_maker):
        try:
            re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)
        except (re.error, OverflowError) as error:
            here = Place("roles.decision_maker").item(index)
            raise here.wrong(what=f"expected a regular expression: {error}") from error
    for name, definition in policy.customer_definitions.items():
        if definition.orders is None and definition.revenue is None:
            raise Place("customer_definitions").key(name).wrong("expected orders, revenue or both")
