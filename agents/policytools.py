"""Tools for whoever changes the policy: what a file changes, and what a change would have done to real events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from agents.replay.engine import Engine, records
from agents.replay.reading import Source
from schemas.deadletters import DeadLetter
from schemas.outputs import ScoreChange, TriggerFired
from schemas.policy import Policy, load
from schemas.times import Duration, Instant, format_duration, format_instant
from streams.describe import customer_line

_BATCH = 4_096
_WHOLE = ("segments", "customer_definitions")
_UNSAID = (None, ())


class Firing(msgspec.Struct, frozen=True, order=True):
    """A firing as far as it can be the same under two policies: what, for whom, about what, when (ms)."""

    trigger: str
    customer_id: str
    subject: str
    at: int

    def __str__(self) -> str:
        about = f" ({self.subject})" if self.subject else ""
        return f"{self.trigger} {self.customer_id}{about} {format_instant(self.at)}"


class LevelMove(msgspec.Struct, frozen=True):
    """A customer who ends in another level: (score, level) under each policy."""

    customer_id: str
    before: tuple[int, str]
    after: tuple[int, str]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.before[1]} {self.before[0]} -> {self.after[1]} {self.after[0]}"


class Side(msgspec.Struct):
    """Totals under one policy. ``refused`` counts messages sent though the contact allowance did not allow them."""

    score_changes: int = 0
    triggers: int = 0
    refused: int = 0
    contactable: int = 0
    levels: Counter[str] = msgspec.field(default_factory=Counter)


class PolicyDiff(msgspec.Struct):
    """The same events under two policies."""

    before: Side
    after: Side
    customers: int
    moves: list[LevelMove]
    appear: list[Firing]
    disappear: list[Firing]


def diff(before: Policy, after: Policy, sources: Sequence[Source], until: Instant | None = None) -> PolicyDiff:
    """Run the events once through both policies, side by side, and compare what comes out.

    Raises:
        ReplayError: a file cannot be read.
    """
    engines = (Engine(before, until), Engine(after, until))
    sides = (Side(), Side())
    balance: Counter[Firing] = Counter()
    for number, (_, record) in enumerate(records(sources)):
        if isinstance(record.content, DeadLetter):
            continue
        for engine in engines:
            engine.feed(record.content)
        if number % _BATCH == 0:
            _count(engines, sides, balance)
    ends = [engine.finish() or 0 for engine in engines]
    _count(engines, sides, balance)

    lines = [
        {state.customer_id: customer_line(state, end, engine.policy) for state in engine.customers()}
        for engine, end in zip(engines, ends, strict=True)
    ]
    for side, by_id in zip(sides, lines, strict=True):
        side.levels.update(line["level"] for line in by_id.values())
        side.contactable = sum(line["contact"]["allowed"] for line in by_id.values())
    return PolicyDiff(
        before=sides[0],
        after=sides[1],
        customers=len(lines[0]),
        moves=_moves(lines[0], lines[1]),
        appear=sorted((+balance).elements()),
        disappear=sorted((-balance).elements()),
    )


def _count(engines: tuple[Engine, Engine], sides: tuple[Side, Side], balance: Counter[Firing]) -> None:
    for engine, side, sign in zip(engines, sides, (-1, 1), strict=True):
        for emission in engine.take().emissions:
            if isinstance(emission, ScoreChange):
                side.score_changes += 1
            elif isinstance(emission, TriggerFired):
                side.triggers += 1
                side.refused += emission.trigger == "over_contacted"
                firing = Firing(emission.trigger, emission.customer_id, emission.subject or "", emission.at)
                balance[firing] += sign
    for firing in [firing for firing, number in balance.items() if not number]:
        del balance[firing]


def _moves(before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]) -> list[LevelMove]:
    return [
        LevelMove(customer_id, (line["score"], line["level"]), (other["score"], other["level"]))
        for customer_id, line in before.items()
        if (other := after.get(customer_id)) and other["level"] != line["level"]
    ]


def changes(policy: Policy) -> list[str]:
    """The keys in which a policy differs from the defaults: ``score.half_life: 14d -> 7d``."""
    default, given = _flat(load(None)), _flat(policy)
    return [
        f"{key}: {default.get(key, 'absent')} -> {given.get(key, 'absent')}"
        for key in dict.fromkeys([*default, *given])
        if default.get(key) != given.get(key)
    ]


def _flat(value: object, key: str = "") -> dict[str, str]:
    if isinstance(value, msgspec.Struct):
        value = {name: getattr(value, name) for name in value.__struct_fields__}
    if isinstance(value, Mapping):
        found: dict[str, str] = {}
        for name, item in value.items():
            whole = key in _WHOLE
            place = f"{key}.{name}" if key else str(name)
            found |= {place: _words(item)} if whole else _flat(item, place)
        return found
    if key == "rules" and isinstance(value, tuple):
        return {f"rules.{rule.name}": _words(rule) for rule in value}
    return {key: _words(value)}


def _words(value: object) -> str:
    if isinstance(value, Duration):
        return format_duration(value)
    if isinstance(value, msgspec.Struct):
        value = {name: getattr(value, name) for name in value.__struct_fields__}
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_words(item)}" for name, item in value.items() if item not in _UNSAID) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(_words(item) for item in value) + "]"
    return "null" if value is None else str(value)
