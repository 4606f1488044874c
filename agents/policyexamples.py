"""Examples beside a policy: events in, what must fire and what must not, checked without a broker.

A file is ``{examples: [...]}`` with items like

- name: three looks at the prices show interest
  events:
  - {at: 0h, topic: clickstream, type: page_view, url: /pricing}
  - {at: 1h, topic: clickstream, type: page_view, url: /pricing/teams}
  - {at: 2h, topic: clickstream, type: page_view, url: /pricing}
  until: 1d
  expect: {fires: [pricing_interest], silent: [going_quiet], level: low}

``at`` and ``until`` are spans after an arbitrary start; the ids, the customer and ``occurred_at`` are filled in.
``expect`` holds any of ``fires``, ``silent`` (names of triggers), ``level``, ``stage``, ``score``, ``segments``.
A rule of the policy may hold ``examples`` itself, each ``{events: [...], fires: true or false}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import orjson
import yaml

from agents.replay.engine import Engine
from schemas.deadletters import DeadLetter
from schemas.decode import decode
from schemas.events import Event
from schemas.outputs import TriggerFired
from schemas.policy import Absence, Policy
from schemas.times import Duration, format_instant, parse_duration, parse_instant
from schemas.topics import INPUTS
from streams.describe import customer_line
from streams.state import Customer

_START = parse_instant("2026-01-05T09:00:00Z")
_CUSTOMER = "example"


class ExamplesError(ValueError):
    """The examples cannot be read; the one line names the example and what is wrong.

    Operator action: correct the named example.
    """


class Expectation(msgspec.Struct, forbid_unknown_fields=True):
    """What must hold at the end; what is absent is not looked at."""

    fires: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    level: str | None = None
    stage: str | None = None
    score: int | None = None
    segments: tuple[str, ...] | None = None


class Example(msgspec.Struct, forbid_unknown_fields=True):
    """One story: events in order, and what must come of it."""

    name: str
    events: Annotated[tuple[dict[str, Any], ...], msgspec.Meta(min_length=1)]
    expect: Expectation
    until: str = "0s"

    patience: int = 0
    """How long (ms) to wait after the last event, at least."""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    examples: tuple[Example, ...]


def beside(policy_file: Path) -> Path:
    """Where the examples of a policy are looked for: ``policy.yaml`` has ``policy.examples.yaml``."""
    return policy_file.with_name(f"{policy_file.stem}.examples{policy_file.suffix or '.yaml'}")


def read_examples(path: Path) -> tuple[Example, ...]:
    """The examples of a file.

    Raises:
        ExamplesError: it is not a file of examples.
    """
    try:
        return msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), _File).examples
    except OSError as error:
        message = f"cannot read {path}: {error.strerror or error}"
        raise ExamplesError(message) from error
    except (yaml.YAMLError, ValueError) as error:
        message = f"{path}: {error}"
        raise ExamplesError(message) from error


def rule_examples(policy: Policy) -> tuple[Example, ...]:
    """The examples that the custom rules of a policy hold; one about absence is given the time to fire."""
    return tuple(
        Example(
            name=f"{rule.name}, example {number}",
            events=example.events,
            expect=Expectation(fires=(rule.name,)) if example.fires else Expectation(silent=(rule.name,)),
            patience=rule.when.span if isinstance(rule.when, Absence) else 0,
        )
        for rule in policy.rules
        for number, example in enumerate(rule.examples, 1)
    )


def failures(example: Example, policy: Policy) -> list[str]:
    """What does not hold of an example under a policy; nothing when all holds.

    Raises:
        ExamplesError: an event of the example is not a valid event.
    """
    engine = Engine(policy)
    last = int(_START)
    for number, fields in enumerate(example.events):
        event = _event(example, number, fields)
        last = max(last, event.occurred_at)
        engine.feed(event)
    end = max(last + example.patience, _START + _span(example, example.until))
    engine.advance(end)
    fired = {emission.trigger for emission in engine.take().emissions if isinstance(emission, TriggerFired)}
    expect, state = example.expect, engine.store.get(_CUSTOMER)
    wrong = [f"{name} did not fire" for name in expect.fires if name not in fired]
    wrong += [f"{name} fired" for name in expect.silent if name in fired]
    if isinstance(state, Customer):
        line = customer_line(state, end, policy)
        for name in ("level", "stage", "score"):
            wanted = getattr(expect, name)
            if wanted is not None and line[name] != wanted:
                wrong.append(f"{name} is {line[name]}, not {wanted}")
        if expect.segments is not None and set(line["segments"]) != set(expect.segments):
            wrong.append(f"segments are {list(line['segments'])}, not {list(expect.segments)}")
    return wrong


def _event(example: Example, number: int, fields: Mapping[str, Any]) -> Event:
    body = dict(fields)
    topic = body.pop("topic", None)
    if topic not in INPUTS:
        message = f"example {example.name!r}, event {number}: topic must be one of {', '.join(INPUTS)}"
        raise ExamplesError(message)
    at = _START + _span(example, str(body.pop("at", "0s")))
    filled = {"customer_id": _CUSTOMER, "event_id": f"event-{number}", "occurred_at": format_instant(at)}
    event = decode(topic, orjson.dumps(filled | body, default=str))
    if isinstance(event, DeadLetter):
        message = f"example {example.name!r}, event {number}: {event.detail}"
        raise ExamplesError(message)
    return event


def _span(example: Example, text: str) -> Duration:
    try:
        return parse_duration(text)
    except ValueError as error:
        message = f"example {example.name!r}: {error}"
        raise ExamplesError(message) from error
