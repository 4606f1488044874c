"""One customer out of files: from the events themselves, or from the folder that a replay wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import orjson

from agents.replay.engine import Engine, records
from agents.replay.reading import ReplayError, Source
from agents.replay.writing import CUSTOMERS, TRIGGERS
from schemas.deadletters import DeadLetter
from schemas.outputs import TriggerFired, envelope
from schemas.policy import Policy
from schemas.times import Instant, parse_instant
from streams.describe import customer_line
from streams.state import Customer

RECENT = 10
"""How many firings are told."""


class Standing(msgspec.Struct, kw_only=True):
    """A customer's line, the instant (ms) it was made for, recent firings (their ``data``), and events by action."""

    line: dict[str, Any]
    now: int
    triggers: list[dict[str, Any]]
    events: dict[str, int] | None = None


def from_events(customer_id: str, sources: Sequence[Source], policy: Policy, until: Instant | None) -> Standing:
    """The customer at the end of the events.

    Raises:
        ReplayError: a file cannot be read, or the customer is not in the events (or was erased).
    """
    engine = Engine(policy, until, only=customer_id)
    events: Counter[str] = Counter()
    triggers: list[dict[str, Any]] = []
    for _, record in records(sources):
        event = record.content
        if isinstance(event, DeadLetter):
            continue
        applied = engine.counts["applied"]
        engine.feed(event)
        if engine.counts["applied"] > applied:
            events[event.action] += 1
            triggers = _recent(triggers, engine)
    end = engine.finish()
    triggers = _recent(triggers, engine)
    state = engine.store.get(customer_id)
    if not isinstance(state, Customer) or end is None:
        message = f"no customer {customer_id!r} at the end of these events"
        raise ReplayError(message)
    return Standing(line=customer_line(state, end, policy), now=end, triggers=triggers, events=dict(events))


def _recent(before: list[dict[str, Any]], engine: Engine) -> list[dict[str, Any]]:
    fired = [
        orjson.loads(envelope(emission))["data"]
        for emission in engine.take().emissions
        if isinstance(emission, TriggerFired)
    ]
    return (before + fired)[-RECENT:]


def from_output(customer_id: str, folder: Path, until: Instant | None) -> Standing:
    """The customer as a replay wrote it; without ``until`` its end is taken to be the latest event of any customer.

    Raises:
        ReplayError: the folder is not that of a replay, or the customer is not in it.
    """
    line: dict[str, Any] | None = None
    latest = 0
    for row in _rows(folder / CUSTOMERS):
        latest = max(latest, parse_instant(row["last_seen"]))
        if row["customer_id"] == customer_id:
            line = row
    if line is None:
        message = f"no customer {customer_id!r} in {folder / CUSTOMERS}"
        raise ReplayError(message)
    fired = [
        row["data"]
        for row in _rows(folder / TRIGGERS)
        if row["subject"] == customer_id and row["type"] == TriggerFired.type
    ]
    return Standing(line=line, now=latest if until is None else until, triggers=fired[-RECENT:])


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open("rb") as lines:
            for line in lines:
                yield orjson.loads(line)
    except OSError as error:
        message = f"cannot read {path}: {error.strerror or error}; expected the --out folder of a replay"
        raise ReplayError(message) from error
    except ValueError as error:
        message = f"cannot read {path}: {error}"
        raise ReplayError(message) from error
