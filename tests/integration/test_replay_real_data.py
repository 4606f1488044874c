"""A replay of real logs: a help desk's four years and a web site's four days, where they are at hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from agents.adapters import Record, read
from agents.cli.main import main
from agents.replay.writing import FILES
from schemas.generate import documents
from schemas.times import parse_instant

DATA = Path(__file__).parents[3] / "shared" / "data"
HELPDESK = DATA / "helpdesk_italian" / "helpdesk.csv.gz"
ACCESS_LOG = DATA / "elastic_apache_logs" / "apache_logs.gz"

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        not (HELPDESK.is_file() and ACCESS_LOG.is_file()), reason=f"the real logs are not in {DATA.name}"
    ),
]


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("events")
    for kind, path, topic in (("helpdesk", HELPDESK, "support-tickets"), ("access-log", ACCESS_LOG, "clickstream")):
        rows = [row.value for row in read(kind, path) if isinstance(row, Record)]
        (folder / f"{topic}.jsonl").write_bytes(b"\n".join(rows) + b"\n")
    return folder


def replay(events: Path, out: Path) -> dict[str, int]:
    result = CliRunner().invoke(main, ["replay", str(events), "--out", str(out)])
    assert result.exit_code == 0, result.output
    found: dict[str, int] = json.loads(result.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def replayed(events: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    out = tmp_path_factory.mktemp("out")
    return out, replay(events, out)


def rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as lines:
        yield from map(json.loads, lines)


def test_every_line_is_counted_once(events: Path, replayed: tuple[Path, dict[str, int]]) -> None:
    out, totals = replayed
    lines = sum(len(path.read_bytes().splitlines()) for path in events.iterdir())
    assert totals["events"] == lines
    assert totals["events"] == sum(totals[name] for name in ("applied", "duplicates", "dropped", "dead_letters"))
    assert totals["applied"] == lines
    for name in ("score_changes", "dead_letters", "customers"):
        assert totals[name] == sum(1 for _ in rows(out / f"{name.replace('_', '-')}.jsonl"))


def test_two_runs_write_the_same_bytes(events: Path, replayed: tuple[Path, dict[str, int]], tmp_path: Path) -> None:
    out, totals = replayed
    assert replay(events, tmp_path) == totals
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes(), name


@pytest.mark.parametrize("topic", ["score-changes", "triggers", "customer"])
def test_what_is_written_is_valid_by_the_published_schemas(replayed: tuple[Path, dict[str, int]], topic: str) -> None:
    schema = json.loads(documents()[f"{topic}.schema.json"])
    validator = jsonschema.Draft202012Validator(schema)
    name = "customers.jsonl" if topic == "customer" else f"{topic}.jsonl"
    for number, row in enumerate(rows(replayed[0] / name)):
        if number % 10 == 0:
            validator.validate(row)


def test_the_figures_are_valid_by_the_published_schema(replayed: tuple[Path, dict[str, int]]) -> None:
    definitions = json.loads(documents()["kpis.schema.json"])["$defs"]
    validator = jsonschema.Draft202012Validator({"$ref": "#/$defs/Figures", "$defs": definitions})
    document = json.loads((replayed[0] / "kpis.json").read_text())
    days = list(document["by_day"].values())
    for figures in (document["total"], days[0], days[-1], *document["total"]["by"]["channel"].values()):
        validator.validate({name: value for name, value in figures.items() if name != "by"})
    assert document["total"]["tickets"]["created"] == sum(day["tickets"]["created"] for day in days) == 4_580


def test_every_id_is_unique_and_time_never_goes_back(replayed: tuple[Path, dict[str, int]]) -> None:
    out, _ = replayed
    for name in ("score-changes.jsonl", "triggers.jsonl"):
        written = [(row["id"], parse_instant(row["time"])) for row in rows(out / name)]
        assert len({identity for identity, _ in written}) == len(written)
        assert all(earlier[1] <= later[1] for earlier, later in pairwise(written))


def test_every_score_is_the_sum_of_what_explains_it(replayed: tuple[Path, dict[str, int]]) -> None:
    for row in rows(replayed[0] / "customers.jsonl"):
        assert sum(part["points"] for part in row["contributions"]) == pytest.approx(row["raw"], abs=1e-5)
        assert row["score"] == min(100, max(0, int(row["raw"] + 0.5)))


def test_first_contact_outcomes_agree_between_triggers_and_customers(replayed: tuple[Path, dict[str, int]]) -> None:
    out, _ = replayed
    fired = [row["data"]["trigger"] for row in rows(out / "triggers.jsonl")]
    tickets = [row["tickets"] for row in rows(out / "customers.jsonl")]
    assert fired.count("first_contact_resolved") == sum(ticket["fcr_confirmed"] for ticket in tickets) > 1_000
    assert fired.count("first_contact_missed") == sum(ticket["fcr_missed"] for ticket in tickets) > 500
    assert fired.count("ticket_reopened") == sum(ticket["reopened"] for ticket in tickets) == 158
    assert fired.count("ticket_escalated") == sum(ticket["escalated"] for ticket in tickets) == 119
    assert sum(ticket["created"] for ticket in tickets) == 4_580
