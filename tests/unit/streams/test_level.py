"""Levels with hysteresis."""

from __future__ import annotations

import pytest

from schemas.policy import load, merge
from streams.level import fall_score, floor_of, judge

POLICY = load(None)


@pytest.mark.parametrize(
    ("level", "score", "after"),
    [
        ("low", 30, "low"), ("low", 31, "medium"), ("low", 76, "high"),
        ("medium", 75, "medium"), ("medium", 76, "high"), ("medium", 29, "medium"), ("medium", 28, "low"),
        ("high", 74, "high"), ("high", 73, "medium"), ("high", 29, "medium"), ("high", 28, "low"), ("high", 0, "low"),
    ],
)  # fmt: skip
def test_up_at_once_and_down_past_the_slack(level: str, score: int, after: str) -> None:
    assert judge(level, score, POLICY) == after


def test_the_score_at_which_a_level_is_left() -> None:
    assert [fall_score(level, POLICY) for level in ("low", "medium", "high")] == [None, 28, 73]
    assert [floor_of(level, POLICY) for level in ("low", "medium", "high")] == [0, 31, 76]


def test_a_slack_wider_than_a_range_is_never_left_by_it() -> None:
    policy = merge({"score": {"levels": {"medium": 2, "high": 76}, "level_hysteresis": 10}})
    assert judge("medium", 0, policy) == "medium"
