"""Read custom rules from the policy file, naming the key of whatever is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import cast

from msgspec import inspect

from schemas.events import EVENTS
from schemas.policy.conditions import operation
from schemas.policy.errors import Place
from schemas.policy.numbers import is_number
from schemas.policy.rules import (
    Absence,
    Count,
    CustomRule,
    Distinct,
    Example,
    FieldTest,
    Filter,
    Sum,
    Tally,
    When,
)
from schemas.policy.triggers import BUILT_IN
from schemas.policy.values import duration, span

_TALLIES = ("count", "sum", "distinct")


def rules(raw: object, place: Place) -> tuple[CustomRule, ...]:
    """Read the list of rules.

    Raises:
        PolicyError: it is not one, or a name is taken.
    """
    if not isinstance(raw, (list, tuple)):
        raise place.expected("a list of rules", raw)
    found: dict[str, CustomRule] = {}
    for index, item in enumerate(raw):
        here = place.item(index)
        one = _rule(item, here)
        if one.name in found:
            raise here.key("name").wrong(what=f"{one.name} is the name of an earlier rule")
        if one.name in BUILT_IN:
            raise here.key("name").wrong(what=f"{one.name} is the name of a built-in trigger")
        found[one.name] = one
    return tuple(found.values())


def _object(raw: object, place: Place, required: Iterable[str], optional: Iterable[str] = ()) -> dict[str, object]:
    if not isinstance(raw, dict):
        raise place.expected("an object", raw)
    known = (*required, *optional)
    for name in raw:
        if name not in known:
            raise place.unknown(name, known)
    for name in required:
        if raw.get(name) is None:
            raise place.key(name).wrong("missing")
    return raw


def _text(raw: object, place: Place) -> str:
    if not isinstance(raw, str) or not raw:
        raise place.expected("a name", raw)
    return raw


def _rule(raw: object, place: Place) -> CustomRule:
    given = _object(raw, place, ("name", "when"), ("unless", "cooldown", "subject", "enabled", "examples"))
    enabled = given.get("enabled", True)
    if not isinstance(enabled, bool):
        raise place.key("enabled").expected("true or false", enabled)
    when = _when(given["when"], place.key("when"))
    subject = given.get("subject")
    if subject is not None:
        source = when.since if isinstance(when, Absence) else when.filter
        subject = _field(subject, source, place.key("subject"))
    return CustomRule(
        name=_text(given["name"], place.key("name")),
        when=when,
        unless=None if given.get("unless") is None else _tally(given["unless"], place.key("unless")),
        cooldown=duration(given.get("cooldown", "0s"), place.key("cooldown")),
        subject=subject,
        enabled=enabled,
        examples=_examples(given.get("examples", []), place.key("examples")),
    )


def _when(raw: object, place: Place) -> When:
    if not isinstance(raw, dict) or "absence" not in raw:
        return _tally(raw, place, (*_TALLIES, "absence"))
    given = _object(raw, place, ("absence", "for", "since"))
    return Absence(
        _filter(given["absence"], place.key("absence")),
        span(given["for"], place.key("for")),
        _filter(given["since"], place.key("since")),
    )


def _tally(raw: object, place: Place, forms: tuple[str, ...] = _TALLIES) -> Tally:
    if not isinstance(raw, dict):
        raise place.expected("an object", raw)
    given = [form for form in _TALLIES if form in raw]
    if len(given) != 1:
        for name in raw:
            if name not in (*forms, "at_least", "within"):
                raise place.unknown(name, forms)
        raise place.just_one(forms, given)
    form = given[0]
    _object(raw, place, (form, "at_least", "within"))
    inside = place.key(form)
    events = _filter(raw[form], inside, () if form == "count" else ("field",))
    within = span(raw["within"], place.key("within"))
    least, least_place = raw["at_least"], place.key("at_least")
    if form == "sum":
        if not is_number(least):
            raise least_place.expected("a number", least)
        return Sum(
            events, _field(raw[form]["field"], events, inside.key("field"), numeric=True), Decimal(str(least)), within
        )
    if not isinstance(least, int) or isinstance(least, bool) or least < 1:
        raise least_place.expected("a whole number of 1 or more", least)
    if form == "distinct":
        return Distinct(events, _field(raw[form]["field"], events, inside.key("field")), least, within)
    return Count(events, least, within)


def _filter(raw: object, place: Place, further: tuple[str, ...] = ()) -> Filter:
    given = _object(raw, place, ("topic", *further), ("type", "where"))
    topic = _text(given["topic"], place.key("topic"))
    if topic not in EVENTS:
        raise place.key("topic").one_of(EVENTS, topic)
    kinds = [event.action.removeprefix(f"{topic}.") for event in EVENTS[topic]]
    chosen = given.get("type")
    if chosen is not None and chosen not in kinds:
        raise place.key("type").one_of(kinds, chosen)
    events = Filter(topic, chosen)
    where = given.get("where", [])
    if not isinstance(where, (list, tuple)):
        raise place.key("where").expected("a list", where)
    tests = tuple(_test(item, events, place.key("where").item(index)) for index, item in enumerate(where))
    return Filter(events.topic, events.type, tests)


def _test(raw: object, events: Filter, place: Place) -> FieldTest:
    if not isinstance(raw, dict):
        raise place.expected("an object", raw)
    if "field" not in raw:
        raise place.key("field").wrong("missing")
    op, value = operation(raw, place, ("field",))
    return FieldTest(_field(raw["field"], events, place.key("field")), op, value)


def _field(raw: object, events: Filter, place: Place, *, numeric: bool = False) -> str:
    name = _text(raw, place)
    if events.topic == "profiles" and name.startswith("attributes."):
        return name
    known: dict[str, bool] = {}
    for event in EVENTS[events.topic]:
        if events.type in (None, event.action.removeprefix(f"{events.topic}.")):
            for field in cast(inspect.StructType, inspect.type_info(event)).fields:
                known[field.name] = known.get(field.name, False) or _is_numeric(field.type)
    if name not in known:
        where = f"{events.topic}.{events.type}" if events.type else events.topic
        raise place.no_such(noun=f"field of {where}", name=name, known=known)
    if numeric and not known[name]:
        raise place.wrong(what=f"expected a field that is a number, got {name}")
    return name


def _is_numeric(of: inspect.Type) -> bool:
    if isinstance(of, inspect.UnionType):
        return any(_is_numeric(one) for one in of.types)
    if isinstance(of, inspect.Metadata):
        return _is_numeric(of.type)
    return isinstance(of, (inspect.IntType, inspect.FloatType, inspect.DecimalType))


def _examples(raw: object, place: Place) -> tuple[Example, ...]:
    if not isinstance(raw, (list, tuple)):
        raise place.expected("a list", raw)
    return tuple(_example(item, place.item(index)) for index, item in enumerate(raw))


def _example(raw: object, place: Place) -> Example:
    given = _object(raw, place, ("events", "fires"))
    fires, events, here = given["fires"], given["events"], place.key("events")
    if not isinstance(fires, bool):
        raise place.key("fires").expected("true or false", fires)
    if not isinstance(events, (list, tuple)):
        raise here.expected("a list of events", events)
    for index, event in enumerate(events):
        if not isinstance(event, dict):
            raise here.item(index).expected("an event (an object)", event)
        if event.get("topic") not in EVENTS:
            raise here.item(index).key("topic").one_of(EVENTS, event.get("topic"))
    return Example(tuple(events), fires)
