"""A replay of lines written by hand: files in, files out, and what they hold."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from agents.replay.reading import find_sources
from agents.replay.run import replay
from schemas.policy import merge
from schemas.times import parse_instant
from tests.story import KINDS

Line = bytes | Mapping[str, Any]


class Replayed(NamedTuple):
    """What a replay wrote: the ``data`` of its records, the other files as they are, and the last line's counts."""

    triggers: list[dict[str, Any]]
    score_changes: list[dict[str, Any]]
    envelopes: list[dict[str, Any]]
    dead_letters: list[dict[str, Any]]
    customers: dict[str, dict[str, Any]]
    kpis: dict[str, Any]
    totals: dict[str, int]
    written: dict[str, bytes]

    def fired(self, trigger: str) -> list[str]:
        """When a trigger fired."""
        return [record["at"] for record in self.triggers if record.get("trigger") == trigger]


def event(kind: str, at: str, event_id: str, who: str = "ada", **fields: Any) -> dict[str, Any]:
    """An event of a kind of ``tests.story``, with the fields that such an event usually has."""
    _, name, usual = KINDS[kind]
    order = {"order_id": event_id} if KINDS[kind][0] == "purchases" else {}
    body = {"event_id": event_id, "customer_id": who, "occurred_at": at, "type": name}
    return {**body, **order, **usual, **fields}


def replayed(
    folder: Path,
    files: Mapping[str, Sequence[Line]],
    until: str | None = None,
    policy: Mapping[str, Any] | None = None,
    paths: Sequence[str] = (".",),
) -> Replayed:
    """Replay these files (name without ``.jsonl`` -> lines), found under ``paths``."""
    source, out = folder / "in", folder / "out"
    for name, lines in files.items():
        path = source / f"{name}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
        path.write_bytes(b"".join(row + b"\n" for row in rows))
    sources = find_sources([source / path for path in paths])
    summary = replay(sources, out, merge(dict(policy or {})), None if until is None else parse_instant(until))
    written = {path.name: path.read_bytes() for path in sorted(out.iterdir())}
    rows = {name: [json.loads(row) for row in text.splitlines()] for name, text in written.items() if "jsonl" in name}
    return Replayed(
        triggers=[row["data"] for row in rows["triggers.jsonl"]],
        score_changes=[row["data"] for row in rows["score-changes.jsonl"]],
        envelopes=rows["triggers.jsonl"] + rows["score-changes.jsonl"],
        dead_letters=rows["dead-letters.jsonl"],
        customers={row["customer_id"]: row for row in rows["customers.jsonl"]},
        kpis=json.loads(written["kpis.json"]),
        totals=msgspec.to_builtins(summary.totals),
        written=written,
    )
