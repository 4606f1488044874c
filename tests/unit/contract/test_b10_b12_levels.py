"""Appendix B 10-12 and the levels of section 2: rounding, hysteresis, and when a score change is told."""

from __future__ import annotations

import pytest

from tests.story import Story

START = {"score": 0, "level": "low"}


def worth(first: float, then: float = 0, **score: object) -> Story:
    """A story in which an order is worth ``first`` and a refund ``then``."""
    return Story({"score": {"points": {"purchases.ordered": first, "purchases.refunded": then}, **score}})


@pytest.mark.parametrize(
    ("points", "level"), [(0, "low"), (30, "low"), (31, "medium"), (75, "medium"), (76, "high"), (100, "high")]
)
def test_2_levels_of_the_hundred_point_model(points: int, level: str) -> None:
    """2: low 0-30, medium 31-75, high 76-100. Up as soon as the score reaches the next range."""
    assert worth(points).ordered().line()["level"] == level


@pytest.mark.parametrize(
    ("start", "end", "level"),
    [
        (31, 29, "medium"), (31, 28, "low"), (76, 74, "high"), (76, 73, "medium"),
        (76, 29, "medium"), (76, 28, "low"), (76, 0, "low"),
    ],
)  # fmt: skip
def test_b10_a_fall_is_judged_one_level_at_a_time(start: int, end: int, level: str) -> None:
    """B10: one level at a time with the hysteresis of each (from high, 29 is medium, 28 is low)."""
    assert worth(start, end - start).ordered().refunded().line()["level"] == level


@pytest.mark.parametrize(
    ("hysteresis", "end", "level"), [(0, 31, "medium"), (0, 30, "low"), (5, 26, "medium"), (5, 25, "low")]
)
def test_2_down_only_when_more_than_the_hysteresis_under_the_range(hysteresis: int, end: int, level: str) -> None:
    """2: down only when it is more than level_hysteresis points under the range it is in."""
    story = worth(40, end - 40, level_hysteresis=hysteresis).ordered().refunded()
    assert story.line()["level"] == level


def test_b10_before_the_first_event_the_level_is_low_and_the_score_0() -> None:
    """B10, B12: before a customer's first event the level is low and the score 0."""
    previous = Story().ordered().score_changes[0].previous
    assert (previous.score, previous.level) == (0, "low")


def test_b10_a_rise_by_time_alone_is_taken_up_at_the_next_event() -> None:
    """B10: a rise by time alone (negative points fading) is taken up at the customer's next event."""
    story = worth(40, -30, half_lives={"purchases.ordered": "900d", "purchases.refunded": "1d"}).refunded().ordered()
    story.until("9d")
    assert (story.line()["score"], story.line()["level"], len(story.score_changes)) == (40, "low", 1)
    story.updated(country="DE")
    assert story.changes()[-1] == ("9d", 40, "medium")


@pytest.mark.parametrize(
    ("points", "raw", "score"),
    [(30.4999995, 30.5, 31), (30.4999994, 30.499999, 30), (0.0000005, 0.000001, 0), (-0.0000005, 0, 0)],
)
def test_b11_raw_is_rounded_half_up_to_6_decimals_before_the_score_is_taken(
    points: float, raw: float, score: int
) -> None:
    """B11: raw is rounded to 6 decimals (half up) before the score is taken from it and when it is written."""
    line = worth(points).ordered().line()
    assert (line["raw"], line["score"]) == (raw, score)


def test_b11_contributions_are_rounded_and_those_that_are_0_are_left_out() -> None:
    """B11: rounded to 6 decimals; every action whose points are not 0 after rounding."""
    line = worth(0.0000004, 1.23456789).ordered().refunded().line()
    assert line["contributions"] == [{"action": "purchases.refunded", "points": 1.234568}]


def test_b11_contributions_are_by_points_descending_ties_by_action() -> None:
    """B11: by points descending, ties by action."""
    story = Story().search().product_view().mail_opened().cancelled().ordered()
    assert [entry["action"] for entry in story.line()["contributions"]] == [
        "purchases.ordered", "clickstream.product_view", "clickstream.search", "email.opened", "purchases.cancelled",
    ]  # fmt: skip


def test_2_a_score_change_explains_itself() -> None:
    """2: the points of each action at that moment, largest first, whose sum is raw."""
    change = Story().ordered().at("3d").download().at("5d").csat(5).score_changes[-1]
    assert sum(entry.points for entry in change.contributions) == pytest.approx(change.raw, abs=2e-6)
    assert [entry.points for entry in change.contributions] == sorted(
        (entry.points for entry in change.contributions), reverse=True
    )


@pytest.mark.parametrize(("points", "told"), [(4.4, []), (4.5, [("0s", 5, "low")])])
def test_b12_the_first_one_is_emitted_when_the_score_first_reaches_5(points: float, told: list[object]) -> None:
    """B12: a first one is emitted when the score first reaches 5 or the level leaves low."""
    assert worth(points).ordered().changes() == told


def test_b12_the_first_one_is_emitted_when_the_level_leaves_low() -> None:
    """B12: ... or the level leaves low."""
    story = worth(3, levels={"medium": 3, "high": 76}, level_hysteresis=0).ordered()
    assert story.changes() == [("0s", 3, "medium")]


@pytest.mark.parametrize(("more", "told"), [(4, 1), (5, 2), (-4, 1), (-5, 2)])
def test_2_a_change_of_5_from_the_last_one_emitted_is_told(more: float, told: int) -> None:
    """2: when the score differs by 5 or more from the last one emitted for that customer."""
    assert len(worth(20, more).ordered().refunded().changes()) == told


def test_b12_previous_is_the_last_emitted_score_change() -> None:
    """B12: previous is the last emitted score change; small steps add up."""
    story = worth(20, 2).ordered().repeat(3, "refunded")
    assert story.changes() == [("0s", 20, "low"), ("0s", 26, "low")]
    assert story.score_changes[-1].previous == story.score_changes[0].current


def test_b12_a_level_that_changes_is_told_however_small_the_step() -> None:
    """2: a score change is emitted when the level changes."""
    assert worth(30, 1).ordered().refunded().changes() == [("0s", 30, "low"), ("0s", 31, "medium")]


def test_b12_it_is_judged_after_each_applied_event_whatever_its_points() -> None:
    """B12: judged after each applied event of the customer, whatever its points."""
    story = worth(20).ordered().at("14d").updated(country="DE")
    assert story.changes() == [("0s", 20, "low"), ("14d", 10, "low")]
    assert story.score_changes[-1].cause == "e2"


def test_b12_time_alone_tells_a_fall_of_level_only() -> None:
    """B12: and, for a fall of level only, at the millisecond it falls."""
    assert worth(30).ordered().until("90d").changes() == [("0s", 30, "low")]


@pytest.mark.parametrize("score", [{}, {"half_lives": {"purchases.refunded": "3d"}}])
def test_b12_a_fall_is_told_at_the_millisecond_it_falls(score: dict[str, object]) -> None:
    """B12: ... at the millisecond it falls; once for each level on the way down."""
    story = worth(70, 30, **score).ordered().refunded().until("200d")
    found = story.changes()
    assert [(score, level) for _, score, level in found] == [(70, "medium"), (100, "high"), (73, "medium"), (28, "low")]
    for at, fallen, _ in found[2:]:
        early = worth(70, 30, **score).ordered().refunded().at(at).after("-1ms")
        assert early.until(early.cursor - early.zero).line()["score"] == fallen + 1
    assert {change.cause for change in story.score_changes[2:]} == {"timer"}
