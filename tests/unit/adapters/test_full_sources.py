"""The published figures of sources that may not be copied into this repository.

Set ENGAGE_REAL_DATA to a folder that holds ``helpdesk_italian/helpdesk.csv.gz`` (doi 10.4121/uuid:0c60edf1-6f83-4e75-
9367-4c63b3e9d5bb) and ``cdnow/CDNOW_master.txt.gz`` (as in the package lifetimes) to run them.
"""

import json
import os
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agents.adapters import Record, read
from agents.adapters.convert import convert_source
from agents.replay.reading import find_sources
from agents.replay.run import replay
from schemas.policy import load

FOLDER = Path(os.environ.get("ENGAGE_REAL_DATA") or "no folder of real data")
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="ENGAGE_REAL_DATA names no folder: sources not in the repository"
)


def events(kind: str, name: str) -> list[dict[str, str]]:
    rows = list(read(kind, FOLDER / name))
    assert all(isinstance(row, Record) for row in rows)
    return [json.loads(row.value) for row in rows]


def test_the_help_desk_log_gives_its_published_cases_and_customers():
    found = events("helpdesk", "helpdesk_italian/helpdesk.csv.gz")
    types = Counter(event["type"] for event in found)
    cases: dict[str, set[str]] = {}
    for event in found:
        cases.setdefault(event["type"], set()).add(event["ticket_id"])
    assert types["created"] == len(cases["created"]) == 4_580
    assert len({event["customer_id"] for event in found}) == 397
    assert (len(cases["reopened"]), types["reopened"]) == (149, 158)
    assert (len(cases["escalated"]), types["escalated"]) == (102, 119)
    assert 4_580 - len(cases["closed"]) == 21


def test_the_cdnow_master_gives_its_published_customers_and_revenue():
    found = events("cdnow", "cdnow/CDNOW_master.txt.gz")
    assert len(found) == len({event["event_id"] for event in found}) == 69_659
    assert len({event["customer_id"] for event in found}) == 23_570
    assert sum(Decimal(event["amount"]) for event in found) == Decimal("2500315.63")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_replay_of_the_help_desk_log_keeps_its_published_figures(tmp_path: Path):
    customers = replayed("helpdesk", "helpdesk_italian/helpdesk.csv.gz", tmp_path)
    tickets = Counter[str]()
    for customer in customers:
        tickets.update(customer["tickets"])
    assert len(customers) == 397
    assert (tickets["created"], tickets["reopened"], tickets["escalated"]) == (4_580, 158, 119)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_replay_of_the_cdnow_master_keeps_its_published_figures(tmp_path: Path):
    customers = replayed("cdnow", "cdnow/CDNOW_master.txt.gz", tmp_path)
    assert len(customers) == 23_570
    assert sum(customer["value"]["orders"] for customer in customers) == 69_659
    assert sum(Decimal(customer["value"]["revenue"]) for customer in customers) == Decimal("2500315.63")


def replayed(kind: str, name: str, folder: Path) -> list[dict[str, Any]]:
    """The customers at the end of a replay of a source, with the default policy."""
    convert_source(kind, FOLDER / name, folder / "events", lambda *problem: pytest.fail(f"unreadable row: {problem}"))
    replay(find_sources([folder / "events"]), folder / "out", load(None))
    return [json.loads(line) for line in (folder / "out" / "customers.jsonl").read_bytes().splitlines()]
