"""Levels of the 100-point model, with hysteresis on the way down (CONTRACT 2, B10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams import decay, timers
from streams.score import terms

if TYPE_CHECKING:
    from schemas.policy import Policy
    from streams.state import Points
    from streams.work import Work

TIMER = "level"
"""The timer of a fall by decay alone."""


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


def set_timer(work: Work) -> None:
    """Be woken when the level falls by decay.

    A timer that is set stays while the score has only risen: it comes early then, finds nothing and is set again.
    """
    before, after, plan = work.before, work.after, work.plan.scoring
    name = timers.key(TIMER)
    if after.level == "low":
        work.clear_timer(TIMER)
        return
    set_for = after.timers.get(name)
    if (
        set_for is not None
        and set_for > work.now
        and before is not None
        and before.level == after.level
        and (before.points is after.points or _only_rose(before.points, after.points))
    ):
        return
    fall = fall_score(after.level, work.policy)
    due = None if fall is None else decay.first_at_most(terms(after.points, work.now, plan), work.now, fall)
    if due is None:
        work.clear_timer(TIMER)
    else:
        work.set_timer(TIMER, due)


def _only_rose(before: Points, after: Points) -> bool:
    """Whether no half-life's total is less than it was."""
    if before.mark != after.mark:
        return False
    for half_life, (ref, total) in after.totals.items():
        was_ref, was = before.totals.get(half_life, (ref, 0.0))
        if total < was * 2.0 ** ((was_ref - ref) / half_life):
            return False
    return True
