"""What a run came to, as a subscriber that reads committed records sees it, held against what it must come to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import orjson

from agents.changelog import CUSTOMER, LANE_KEY, LaneRecord, unpack_state
from schemas.outputs import plain
from schemas.policy import load as load_policy
from streams import codec
from streams.describe import customer_line
from tests.chaos.cluster import CHANGELOG, read
from tests.chaos.expected import Expected, Place

SUMS: Final = ("tickets.created", "tickets.solved", "tickets.escalated", "tickets.reopened", "email", "value.orders",
               "value.revenue", "value.recurring_revenue", "first_seen", "last_seen")  # fmt: skip
"""Fields that are sums or extremes of the events: the same in whatever order those arrive."""
SCORES: Final = ("score", "raw", "contributions", "satisfaction.csat_mean")
"""Those too, as long as no event is later than the daily cap allows for."""


class Outcome(NamedTuple):
    """What was found on the broker. ``copies`` counts each id, and ``applied`` is by input partition."""

    outputs: dict[str, dict[str, Any]]
    copies: Counter[str]
    customers: dict[str, dict[str, Any]]
    dead_letters: Counter[Place]
    applied: dict[tuple[str, int], int]


def found(servers: str, policy: Path | None, until: int) -> Outcome:
    """Read everything that is committed; customers as they are at ``until`` (ms)."""
    outputs: dict[str, dict[str, Any]] = {}
    copies: Counter[str] = Counter()
    dead: Counter[Place] = Counter()
    for message in read(servers, "score-changes", "triggers", "dead-letters"):
        record = orjson.loads(message.value())
        if message.topic() == "dead-letters":
            dead[record["topic"], record["partition"], record["offset"]] += 1
        else:
            copies[record["id"]] += 1
            outputs[record["id"]] = record
    states: dict[tuple[int, bytes], bytes | None] = {}
    for message in read(servers, CHANGELOG):
        states[message.partition(), message.key()] = message.value()
    customers, applied, rules = {}, {}, load_policy(policy)
    for (number, key), value in states.items():
        if value is None:
            continue
        if key == LANE_KEY:
            lane = msgspec.msgpack.decode(value, type=LaneRecord)
            applied |= {(topic, number): offset for topic, offset in lane.applied.items()}
        elif key[:1] == CUSTOMER:
            line = customer_line(codec.decode(unpack_state(value)), until, rules)  # type: ignore[arg-type]
            customers[key[1:].decode()] = orjson.loads(
                orjson.dumps(line, default=plain, option=orjson.OPT_PASSTHROUGH_SUBCLASS)
            )
    return Outcome(outputs, copies, customers, dead, applied)


class Findings:
    """The differences of a run: counts by kind, and each of them in words."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.words: dict[str, list[str]] = defaultdict(list)

    def add(self, kind: str, what: str) -> None:
        """One difference: ``lost``, ``doubled``, ``different`` or ``repeated`` (an id more than once)."""
        self.counts[kind] += 1
        self.words[kind].append(what)

    def text(self) -> str:
        """All of them, a line each."""
        return "".join(f"{kind}: {line}\n" for kind, lines in self.words.items() for line in lines)


def compare_records(findings: Findings, outcome: Outcome, expected: Expected, ends: Mapping[Any, int]) -> None:
    """What must hold in any order of arrival: everything applied, each id once, each dead letter once."""
    for place, end in ends.items():
        if outcome.applied.get(place, -1) != end - 1:
            findings.add("lost", f"{place} is applied up to {outcome.applied.get(place, -1)}, it ends at {end}")
    for identity, count in outcome.copies.items():
        if count > 1:
            findings.add("repeated", f"{identity} {count} times: {outcome.outputs[identity]}")
    for place in expected.dead_letters | outcome.dead_letters:
        surplus = outcome.dead_letters[place] - expected.dead_letters[place]
        if surplus:
            findings.add("doubled" if surplus > 0 else "lost", f"dead letter of {place}: {surplus:+}")


def compare_outputs(findings: Findings, outcome: Outcome, expected: Expected) -> None:
    """Every output, by id and field by field."""
    for identity in expected.outputs.keys() - outcome.outputs.keys():
        findings.add("lost", f"output {expected.outputs[identity]}")
    for identity in outcome.outputs.keys() - expected.outputs.keys():
        findings.add("different", f"output that a replay has not: {outcome.outputs[identity]}")
    for identity, record in outcome.outputs.items():
        if identity in expected.outputs and record != expected.outputs[identity]:
            findings.add("different", f"output {record}\n  replay: {expected.outputs[identity]}")


def compare_customers(
    findings: Findings,
    outcome: Outcome,
    expected: Expected,
    fields: tuple[str, ...] | None = None,
    without: Collection[str] = (),
) -> None:
    """Every customer's line, whole or only in ``fields``; sums that are too high were counted twice.

    ``without`` are customers that are left out.
    """
    found, said = outcome.customers.keys() - set(without), expected.customers.keys() - set(without)
    for name in said - found:
        findings.add("lost", f"customer {name}")
    for name in found - said:
        findings.add("different", f"customer {name} that a replay has not")
    for name in found & said:
        ours, theirs = outcome.customers[name], expected.customers[name]
        names = fields or tuple(theirs)
        wrong = [field for field in names if _field(ours, field) != _field(theirs, field)]
        if wrong:
            surplus = _counted(ours) - _counted(theirs)
            kind = "doubled" if surplus > 0 else "lost" if surplus < 0 else "different"
            shown = ", ".join(f"{field} {_field(ours, field)} not {_field(theirs, field)}" for field in wrong)
            findings.add(kind, f"customer {name}: {shown}")


def _field(line: dict[str, Any], path: str) -> Any:
    value: Any = line
    for name in path.split("."):
        value = value[name]
    return value


def _counted(line: dict[str, Any]) -> float:
    """Everything in a line that counts events."""
    counts = [*line["tickets"].values(), *line["email"].values(), line["value"]["orders"]]
    return float(sum(counts))
