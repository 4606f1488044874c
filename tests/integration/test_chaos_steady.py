"""A broker away under load, and a rolling restart, the short way (`make chaos-outage`, `make chaos-rolling`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.local import kafka
from tests.chaos.outage import outage
from tests.chaos.rolling import rolling
from tests.conftest import need
from tests.integration.test_chaos_short import in_ci


@in_ci
@pytest.mark.kafka
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_what_waits_while_the_broker_is_away_is_worked_off_and_exact(tmp_path: Path) -> None:
    need(kafka.missing)
    found = outage(tmp_path / "run", rate=500, seconds=10, after=10, workers=2, how="kill", clock="event")
    print("\n".join(found.lines()))
    assert not any(found.findings.values()), (tmp_path / "run" / "differences.txt").read_text()[:4_000]
    assert max(sample.lag for sample in found.samples) > 4_000, "nothing had to be worked off"


@in_ci
@pytest.mark.kafka
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_rolling_restart_loses_and_repeats_nothing(tmp_path: Path) -> None:
    need(kafka.missing)
    found = rolling(tmp_path / "run", rate=200, workers=2, clock="wall", rest=3)
    print("\n".join(found.lines()))
    assert not any(found.findings.values()), (tmp_path / "run" / "differences.txt").read_text()[:4_000]
    assert len(found.delays) > 500, "too few outputs to tell"
    assert found.exits == "none"
