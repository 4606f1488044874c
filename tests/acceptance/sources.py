"""Real sources, converted and replayed by the command line as anyone would, and what was written read back.

Sources that may not be copied into the repository are looked for in the folder that ENGAGE_REAL_DATA names, else in
``shared/data`` beside the repository; without them their tests are skipped. The access log is in the repository.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest
from click.testing import CliRunner

from agents.cli.main import main
from agents.replay.writing import FILES

REPOSITORY = Path(__file__).parents[2]
DATA = Path(os.environ.get("ENGAGE_REAL_DATA") or REPOSITORY.parent / "shared" / "data")
SCHEMAS = REPOSITORY / "schemas" / "generated"
_CHECKED = 500


def source(name: str) -> Path:
    """The path of a source; the test is skipped where it is not at hand."""
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"{name} is not at hand: set ENGAGE_REAL_DATA to the folder that holds it")
    return path


class Replayed(NamedTuple):
    """One replay: the folder of the events, that of what was written, and the summary."""

    events: Path
    out: Path
    summary: dict[str, int]

    def told(self, topic: str) -> list[dict[str, Any]]:
        """The events of a topic as they were converted."""
        return list(rows(self.events / f"{topic}.jsonl"))

    def wrote(self, name: str) -> list[dict[str, Any]]:
        """The rows of a file that was written."""
        return list(rows(self.out / name))

    @property
    def kpis(self) -> dict[str, Any]:
        """The content of ``kpis.json``."""
        found: dict[str, Any] = json.loads((self.out / "kpis.json").read_bytes())
        return found


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON lines of a file."""
    with path.open("rb") as lines:
        yield from map(json.loads, lines)


def engage(*asked: str | Path) -> str:
    """Run one command of ``engage``; its last line."""
    ran = CliRunner().invoke(main, [str(word) for word in asked])
    assert ran.exit_code == 0, ran.output
    return ran.stdout.splitlines()[-1]


def replay(events: Path, out: Path, *options: str) -> Replayed:
    """Replay a folder of events."""
    return Replayed(events, out, json.loads(engage("replay", events, "--out", out, *options)))


def convert_and_replay(kind: str, path: Path, folder: Path, *options: str) -> Replayed:
    """Convert a source and replay it."""
    engage("convert", kind, path, "--out", folder / "events")
    return replay(folder / "events", folder / "out", *options)


def check_balance(replayed: Replayed) -> None:
    """Every line is counted once, every count is that of the rows written, ids are unique and time never goes back."""
    summary = replayed.summary
    lines = sum(len(path.read_bytes().splitlines()) for path in replayed.events.iterdir())
    assert summary["events"] == lines
    assert lines == sum(summary[name] for name in ("applied", "duplicates", "dropped", "dead_letters"))
    for name in ("score_changes", "triggers", "dead_letters", "customers"):
        assert summary[name] == len(replayed.wrote(f"{name.replace('_', '-')}.jsonl")), name
    for name in ("score-changes", "triggers"):
        written = [(row["id"], row["time"]) for row in replayed.wrote(f"{name}.jsonl")]
        assert len({identity for identity, _ in written}) == len(written)
        assert all(earlier[1] <= later[1] for earlier, later in pairwise(written))


def check_bytes(replayed: Replayed, folder: Path, *options: str) -> None:
    """A second replay of the same events writes the same bytes and prints the same summary."""
    again = replay(replayed.events, folder, *options)
    assert again.summary == replayed.summary
    for name in FILES:
        assert (again.out / name).read_bytes() == (replayed.out / name).read_bytes(), name


def check_schemas(replayed: Replayed) -> None:
    """What was written is valid by the checked-in schemas; of a long file rows all along it are checked."""
    for name, schema in (
        ("score-changes", "score-changes"),
        ("triggers", "triggers"),
        ("dead-letters", "dead-letters"),
        ("customers", "customer"),
    ):
        validator = jsonschema.Draft202012Validator(_schema(schema))
        for row in _some(replayed.wrote(f"{name}.jsonl"), _CHECKED):
            validator.validate(row)
    figures = {**_schema("kpis"), "$ref": "#/$defs/Figures"}
    del figures["anyOf"]
    validator = jsonschema.Draft202012Validator(figures)
    for part in (replayed.kpis["total"], *_some(list(replayed.kpis["by_day"].values()), _CHECKED // 10)):
        for values in [part, *(value for of in part["by"].values() for value in of.values())]:
            validator.validate({name: value for name, value in values.items() if name != "by"})


def _some(found: list[Any], most: int) -> list[Any]:
    """Evenly spread over the list, the last always."""
    return [*found[:: len(found) // most + 1], *found[-1:]]


def _schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_bytes())
    return found
