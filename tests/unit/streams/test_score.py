"""Points per action and day: adding, the cap, folding of old days and running totals."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from schemas.decode import decode
from schemas.events import Event
from schemas.policy import merge
from schemas.times import DAY, HOUR
from streams import score
from streams.plan import Scoring, plan_of
from streams.state import Points
from streams.weights import weight_of
from tests.opinion import unlike_reference
from tests.story import Story

DOWNLOAD, ORDERED, REFUNDED = "clickstream.download", "purchases.ordered", "purchases.refunded"
Told = tuple[str, float, int]


def scoring(**given: Any) -> Scoring:
    """The scoring of a policy."""
    return plan_of(merge({"score": given})).scoring


def summed(told: list[Told], plan: Scoring, handled: int | None = None) -> Points:
    """The points of (action, weight, instant), each handled at the latest instant so far or at ``handled``."""
    points, now = Points(), 0
    for action, weight, at in told:
        now = max(now, at) if handled is None else handled
        points = score.add(points, action, weight, at, now, plan)
    return points


@pytest.mark.parametrize(
    ("value", "rounded"),
    [(0.0000005, 0.000001), (-0.0000005, 0.0), (-0.0000006, -0.000001), (1.2345674, 1.234567), (2, 2)],
)
def test_rounding_is_half_up_also_below_zero(value: float, rounded: float) -> None:
    assert score.round6(value) == rounded


@pytest.mark.parametrize(
    ("raw", "whole"), [(-3, 0), (0.4999995, 1), (0.4999994, 0), (75.5, 76), (100.4, 100), (1e9, 100)]
)
def test_a_score_is_rounded_after_raw_is_and_kept_in_bounds(raw: float, whole: int) -> None:
    assert score.score_of(raw) == whole


def test_the_points_given_are_never_changed() -> None:
    plan = scoring()
    first = score.add(Points(), DOWNLOAD, 8, 0, 0, plan)
    kept = (dict(first.accounts), dict(first.totals))
    score.add(first, DOWNLOAD, 8, HOUR, HOUR, plan)
    assert (first.accounts, first.totals) == kept


def test_the_running_totals_are_the_sum_over_the_accounts() -> None:
    plan = scoring(half_lives={ORDERED: "3d"})
    told = [(DOWNLOAD, 8.0, HOUR * number * 5) for number in range(200)]
    told += [(ORDERED, 20.0, HOUR * number * 31) for number in range(40)]
    points = summed(told, plan, handled=1000 * HOUR)
    at = 1000 * HOUR
    assert score.raw_at(points, at, plan) == pytest.approx(sum(score.by_action(points, at, plan).values()), abs=2e-6)


def test_any_order_of_arrival_gives_the_same_raw() -> None:
    plan = scoring()
    told = [(DOWNLOAD, 8.0, HOUR), (DOWNLOAD, 8.0, 20 * HOUR), (DOWNLOAD, 8.0, 30 * HOUR), (ORDERED, 20.0, 2 * HOUR),
            (REFUNDED, -10.0, 40 * HOUR)]  # fmt: skip
    assert len({score.raw_at(summed(list(order), plan), 3 * DAY, plan) for order in permutations(told)}) == 1


def test_a_day_is_capped_as_a_whole_and_negative_points_beside_it() -> None:
    plan = scoring(daily_cap={"points": 10, "topics": ["purchases"]})
    points = summed([(ORDERED, 20.0, 0), (ORDERED, 20.0, 0), (ORDERED, -5.0, 0)], plan)
    assert score.raw_at(points, 0, plan) == 5


def test_days_that_can_no_longer_change_are_folded_into_one_figure() -> None:
    plan = scoring()
    points = summed([(DOWNLOAD, 8.0, day * DAY) for day in range(100)], plan)
    account = points.accounts[DOWNLOAD]
    assert len(account.days) <= plan.open_days + 1
    expected = sum(8 * 2 ** (-(99 - day) / 14) for day in range(100))
    assert score.raw_at(points, 99 * DAY, plan) == pytest.approx(expected, abs=1e-6)


def test_an_event_far_behind_counts_whole_in_the_folded_figure() -> None:
    plan = scoring()
    points = summed([(DOWNLOAD, 8.0, 50 * DAY)], plan)
    for _ in range(4):
        points = score.add(points, DOWNLOAD, 8, 10 * DAY, 50 * DAY, plan)
    expected = 8 + 32 * 2 ** (-40 / 14)
    assert score.raw_at(points, 50 * DAY, plan) == pytest.approx(expected, abs=1e-6)


def test_state_kept_under_another_policy_is_added_up_anew() -> None:
    before, after = scoring(), scoring(half_life="7d", daily_cap={"points": 10})
    points = summed([(DOWNLOAD, 8.0, 0), (DOWNLOAD, 8.0, 0), (ORDERED, 20.0, 0)], before)
    assert score.raw_at(points, 0, before) == 36
    assert score.raw_at(points, 0, after) == 30
    assert score.raw_at(points, 7 * DAY, after) == 15


def test_the_score_a_week_ago_knows_what_came_late_and_is_kept_until_that_changes() -> None:
    plan = scoring()
    points = score.looking_back(summed([(ORDERED, 20.0, 0)], plan, handled=8 * DAY), 1, plan)
    assert points.then is not None
    assert score.looking_back(points, 1, plan) is points
    later = score.add(points, ORDERED, 20, 5 * DAY, 8 * DAY, plan)
    assert later.then == points.then
    earlier = score.looking_back(score.add(points, ORDERED, 20, DAY, 8 * DAY, plan), 1, plan)
    assert earlier.then is not None
    assert earlier.then[1] > points.then[1]


def test_contributions_leave_out_what_has_faded() -> None:
    plan = scoring()
    points = summed([(DOWNLOAD, 8.0, 0), (ORDERED, 20.0, 400 * DAY)], plan)
    assert [action for action, _ in score.contributions(points, 800 * DAY, plan)] == []
    assert [action for action, _ in score.contributions(points, 400 * DAY, plan)] == [ORDERED]


@unlike_reference
def test_a_machines_open_is_worth_nothing_under_any_policy() -> None:
    """Decided: `0 when machine_open` holds for the points of a policy too; the reference takes the policy's figure."""
    story = Story({"score": {"points": {"email.opened": 50}}}).mail_opened(machine_open=True)
    assert story.line()["raw"] == 0
    assert story.mail_opened().line()["raw"] == 20


def test_a_weight_of_the_policy_replaces_the_rule_of_the_row() -> None:
    value = (
        b'{"event_id":"1","customer_id":"a","occurred_at":"2026-01-01T00:00:00Z",'
        b'"type":"page_view","url":"/","dwell_seconds":90}'
    )
    event = decode("clickstream", value)
    assert isinstance(event, Event)
    assert (weight_of(event, {}), weight_of(event, {"clickstream.page_view": 0.5})) == (2, 0.5)
