"""deploy/state.md says of every part of a customer's state when it goes, and names tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

from agents.compaction import COMPACTED
from agents.kpis.lane import DAYS_KEPT
from schemas.times import DAY
from streams.state import Customer

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "deploy/state.md").read_text()


def test_every_part_of_a_customer_has_its_row() -> None:
    rows = "".join(line for line in PAGE.splitlines() if line.startswith("|"))
    assert [name for name in Customer.__struct_fields__ if f"`{name}`" not in rows] == []


def test_the_tests_that_it_names_exist() -> None:
    named = set(re.findall(r"\btest_[a-z0-9_]+", PAGE))
    written = {
        name
        for path in ROOT.glob("tests/**/test_*.py")
        for name in re.findall(r"def (test_[a-z0-9_]+)", path.read_text())
    }
    assert len(named) > 15
    assert named - written == set()


def test_its_figures_are_those_of_the_code() -> None:
    assert f"{DAYS_KEPT} days, with tombstones" in PAGE
    assert int(COMPACTED["max.compaction.lag.ms"]) == int(COMPACTED["delete.retention.ms"]) == DAY
    assert f"`min.cleanable.dirty.ratio` {COMPACTED['min.cleanable.dirty.ratio']}" in PAGE
    assert f"{int(COMPACTED['segment.bytes']) // 1024 // 1024} MiB" in PAGE
