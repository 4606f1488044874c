"""What a run must come to: replays of its input."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from agents.replay.reading import find_sources
from agents.replay.run import replay
from schemas.policy import load as load_policy
from tests.chaos.load import PARTITIONS, Item, write

Place = tuple[str, int, int]
"""Topic, partition and offset of a record."""


class Expected(NamedTuple):
    """Outputs and customers by id, and where each dead letter came from."""

    outputs: dict[str, dict[str, Any]]
    customers: dict[str, dict[str, Any]]
    dead_letters: Counter[Place]


def replayed(items: list[Item], folder: Path, policy: Path | None, until: int, *, by_lane: bool) -> Expected:
    """Replay the items; ``by_lane`` each partition by itself, as lanes have a now of their own (CONTRACT, head).

    Time goes on to ``until`` (ms) in each. What a file cannot hold is added as a dead letter.
    """
    outputs: dict[str, dict[str, Any]] = {}
    customers: dict[str, dict[str, Any]] = {}
    dead = Counter((item.topic, item.partition, item.offset) for item in items if not item.replayed)
    for number in range(PARTITIONS) if by_lane else (None,):
        name = "whole" if number is None else f"lane-{number}"
        source, out = folder / f"in-{name}", folder / f"out-{name}"
        lines = write(items, source, number)
        replay(find_sources([source]), out, load_policy(policy), until)  # type: ignore[arg-type]
        for line in (*_lines(out / "score-changes.jsonl"), *_lines(out / "triggers.jsonl")):
            assert line["id"] not in outputs, f"a replay emits {line['id']} twice"
            outputs[line["id"]] = line
        customers |= {line["customer_id"]: line for line in _lines(out / "customers.jsonl")}
        for letter in _lines(out / "dead-letters.jsonl"):
            item = lines[letter["topic"]][letter["offset"]]
            dead[item.topic, item.partition, item.offset] += 1
    return Expected(outputs, customers, dead)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as lines:
        yield from map(json.loads, lines)
