"""The first millisecond at which a score has fallen."""

from __future__ import annotations

import pytest

from schemas.times import DAY
from streams.decay import first_at_most
from streams.score import score_of

HALF = 14 * DAY


def score_after(terms: list[tuple[int, float]], elapsed: int) -> int:
    """The score so many milliseconds later."""
    return score_of(sum(value * 2.0 ** (-elapsed / half_life) for half_life, value in terms))


@pytest.mark.parametrize(
    "terms",
    [
        [(HALF, 40.0)],
        [(HALF, 28.5)],
        [(HALF, 1e6)],
        [(HALF, 40.0), (DAY, 30.0)],
        [(HALF, 60.0), (DAY, -20.0)],
        [(90 * DAY, 35.0), (DAY, -1.0), (7 * DAY, 100.0)],
        [(1, 90.0)],
    ],
)
def test_the_score_is_above_one_millisecond_before_and_reached_at_it(terms: list[tuple[int, float]]) -> None:
    now = 1_767_225_600_000
    at = first_at_most(terms, now, 28)
    assert at is not None
    assert score_after(terms, at - now) <= 28 < score_after(terms, at - now - 1)


def test_without_positive_points_it_falls_at_the_next_millisecond() -> None:
    assert first_at_most([], 7, 28) == 8
    assert first_at_most([(HALF, -5.0)], 7, 28) == 8


def test_what_is_already_low_falls_at_the_next_millisecond() -> None:
    assert first_at_most([(HALF, 20.0)], 100, 28) == 101


def test_a_score_below_zero_is_never_reached() -> None:
    assert first_at_most([(HALF, 20.0)], 0, -1) is None


def test_negative_points_that_fade_first_do_not_hide_the_fall_after_them() -> None:
    terms = [(HALF, 40.0), (DAY, -5.0)]
    at = first_at_most(terms, 0, 28)
    assert at is not None
    assert score_after(terms, DAY) > score_after(terms, 0)
    assert score_after(terms, at) <= 28


def test_a_dip_that_is_over_again_is_found() -> None:
    terms = [(1000 * DAY, 60.0), (DAY, 40.0), (5 * DAY, -56.0)]
    at = first_at_most(terms, 0, 28)
    assert at is not None
    assert score_after(terms, at) <= 28 < score_after(terms, at - 1)
    assert score_after(terms, 20 * DAY) > 28
