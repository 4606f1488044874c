"""Levels of the 100-point model, with hysteresis on the way down (CONTRACT 2, B10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.policy import Policy


def floor_of(level: str, policy: Policy) -> int:
    """The lowest score of a level's range."""
    return {"low": 0, "medium": policy.score.levels.medium, "high": policy.score.levels.high}[level]


def fall_score(level: str, policy: Policy) -> int | None:
    """The highest score at which a customer leaves the level downwards; None for low."""
    if level == "low":
        return None
    return floor_of(level, policy) - policy.score.level_hysteresis - 1


def judge(level: str, score: int, policy: Policy) -> str:
    """The level after a score was reached: up at once, down one level at a time."""
    levels = policy.score.levels
    reached = "high" if score >= levels.high else "medium" if score >= levels.medium else "low"
    if floor_of(reached, policy) > floor_of(level, policy):
        return reached
    while (limit := fall_score(level, policy)) is not None and score <= limit:
        level = "medium" if level == "high" else "low"
    return level
