"""When a score falls by decay alone: the first millisecond, exactly (CONTRACT 2, B10, B12)."""

from __future__ import annotations

from math import floor, log2

from streams.score import score_of

Terms = list[tuple[int, float]]
"""(half-life, points now): each falls, or when negative rises, along its own exponential."""


def first_at_most(terms: Terms, now: int, score: int) -> int | None:
    """The first millisecond after ``now`` at which the score is ``score`` or less by decay alone, or None."""
    if score < 0:
        return None
    limit = score + 0.5 - 0.5e-6
    if not any(value > 0 for _, value in terms):
        return now + 1
    if len(terms) == 1:
        half_life, value = terms[0]
        close = now + floor(half_life * log2(value / limit)) - 1 if value > limit else now
        return _stepped(terms, now, max(close, now + 1), score)
    end = now + max(
        half_life * max(1, floor(log2(max(value, 1.0) * len(terms) / limit)) + 2) for half_life, value in terms
    )
    return _searched(terms, now, now, end, limit, score)


def _raw(terms: Terms, elapsed: int) -> float:
    return sum([value * 2.0 ** (-elapsed / half_life) for half_life, value in terms], 0.0)


def _stepped(terms: Terms, now: int, at: int, score: int) -> int:
    """The first millisecond from ``at`` on, which is close, at which the score is reached."""
    while score_of(_raw(terms, at - now)) > score:
        at += 1
    return at


def _searched(terms: Terms, now: int, low: int, high: int, limit: float, score: int) -> int | None:
    """The first crossing in (low, high], by halving what a lower bound cannot rule out."""
    rising = sum([value * 2.0 ** (-(low - now) / half_life) for half_life, value in terms if value < 0])
    falling = sum([value * 2.0 ** (-(high - now) / half_life) for half_life, value in terms if value > 0])
    if falling + rising > limit + 1e-9:
        return None
    if high - low <= 1:
        return high if score_of(_raw(terms, high - now)) <= score else None
    middle = (low + high) // 2
    found = _searched(terms, now, low, middle, limit, score)
    return found if found is not None else _searched(terms, now, middle, high, limit, score)
