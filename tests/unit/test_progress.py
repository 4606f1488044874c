"""How long a lane may stand still before it is called stuck."""

from __future__ import annotations

from agents.http import Progress


def test_a_lane_with_lag_that_stands_still_past_its_patience_is_stuck() -> None:
    progress = Progress(patience_seconds=60)
    for at in (0, 30, 61):
        progress.seen(3, applied=100, lag=5, at=at)
    assert progress.stuck(60) == ()
    assert progress.stuck(61) == ("lane 3 has 5 records to take and has not moved for 61 s",)


def test_a_lane_that_moves_or_has_nothing_to_take_is_not_stuck() -> None:
    progress = Progress(patience_seconds=60)
    for at in (0, 50, 100, 150):
        progress.seen(0, applied=at, lag=9, at=at)
        progress.seen(1, applied=7, lag=0, at=at)
    assert progress.stuck(150) == ()


def test_the_patience_of_an_idle_lane_begins_with_its_first_waiting_record() -> None:
    progress = Progress(patience_seconds=60)
    progress.seen(0, applied=7, lag=0, at=0)
    progress.seen(0, applied=7, lag=1, at=500)
    assert progress.stuck(560) == ()
    assert len(progress.stuck(561)) == 1


def test_a_stuck_lane_that_moves_again_and_a_lane_that_is_lost_are_forgiven() -> None:
    progress = Progress(patience_seconds=60)
    progress.seen(0, applied=7, lag=1, at=0)
    progress.seen(1, applied=7, lag=1, at=0)
    assert len(progress.stuck(100)) == 2
    progress.seen(0, applied=8, lag=1, at=100)
    progress.forget(1)
    assert progress.stuck(100) == ()
