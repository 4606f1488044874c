"""A web site's access log of four days: 10,000 requests of 1,753 visitors, out of order by up to 59 seconds."""

from __future__ import annotations

from collections import defaultdict
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from agents.samples import ACCESS_LOG
from schemas.times import DAY, SECOND, parse_instant
from tests.acceptance.sources import Replayed, check_balance, check_bytes, check_schemas, convert_and_replay

POINTS = {"page_view": 1, "search": 2, "download": 8}
pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    return convert_and_replay("access-log", ACCESS_LOG, tmp_path_factory.mktemp("access"))


def test_every_line_is_applied_and_every_visitor_is_a_customer(log: Replayed) -> None:
    check_balance(log)
    assert log.summary["events"] == log.summary["applied"] == 10_000
    assert log.summary["customers"] == 1_753
    assert log.summary["dead_letters"] == log.summary["duplicates"] == log.summary["dropped"] == 0


def test_lines_come_up_to_59_seconds_late(log: Replayed) -> None:
    instants = [parse_instant(event["occurred_at"]) for event in log.told("clickstream")]
    lateness = [latest - at for at, latest in zip(instants, accumulate(instants, max), strict=True)]
    assert max(lateness) == 59 * SECOND
    assert sum(late > 0 for late in lateness) == 9_448


def test_the_score_of_every_visitor_is_the_formula_over_its_lines(log: Replayed) -> None:
    """Section 2 by hand: points halve in 14 days, and an action's points of a day count 20 at most."""
    told = log.told("clickstream")
    end = max(parse_instant(event["occurred_at"]) for event in told)
    earned: dict[tuple[str, str, str], int] = defaultdict(int)
    for event in told:
        earned[day_of(event)] += POINTS[event["type"]]
    raw: dict[str, float] = defaultdict(float)
    for event in told:
        points = POINTS[event["type"]] * min(1.0, 20 / earned[day_of(event)])
        raw[event["customer_id"]] += points * 2 ** (-(end - parse_instant(event["occurred_at"])) / (14 * DAY))
    assert max(earned.values()) > 100
    for customer in log.wrote("customers.jsonl"):
        found = customer["raw"]
        assert found == pytest.approx(raw[customer["customer_id"]], abs=2e-6)
        assert customer["score"] == min(100, int(found + 0.5))
        assert sum(part["points"] for part in customer["contributions"]) == pytest.approx(found, abs=1e-5)


def day_of(event: dict[str, Any]) -> tuple[str, str, str]:
    return event["customer_id"], event["type"], event["occurred_at"][:10]


def test_levels_are_those_of_the_scores_on_their_way(log: Replayed) -> None:
    """Within four days no one falls from medium by more than the hysteresis unseen: the last change tells the level."""
    level = dict.fromkeys((customer["customer_id"] for customer in log.wrote("customers.jsonl")), "low")
    for change in log.wrote("score-changes.jsonl"):
        data = change["data"]
        assert data["previous"]["level"] == level[data["customer_id"]]
        level[data["customer_id"]] = data["current"]["level"]
    for customer in log.wrote("customers.jsonl"):
        assert customer["level"] == level[customer["customer_id"]]
    assert "medium" in level.values()


def test_a_second_replay_writes_the_same_bytes_and_all_of_it_is_valid(log: Replayed, tmp_path: Path) -> None:
    check_bytes(log, tmp_path)
    check_schemas(log)
