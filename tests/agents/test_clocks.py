"""What a lane takes for now."""

from __future__ import annotations

from agents.lanes.clocks import LaneClock, SharedClock


class Wall:
    def __init__(self) -> None:
        self.at = 10_000

    def __call__(self) -> int:
        return self.at


def test_a_lane_that_never_caught_up_has_no_wall_clock() -> None:
    assert LaneClock(0, Wall(), 2_000).live() is None


def test_a_lane_that_caught_up_lately_lives_by_the_wall_clock() -> None:
    wall = Wall()
    clock = LaneClock(0, wall, 2_000)
    clock.caught_up(9_500)
    assert clock.live() == 10_000
    wall.at = 11_500
    assert clock.live() == 11_500


def test_a_lane_that_slept_has_a_backlog_until_it_has_seen_the_ends_again() -> None:
    wall = Wall()
    clock = LaneClock(0, wall, 2_000)
    clock.caught_up(9_500)
    wall.at = 60_000
    assert clock.live() is None
    wall.at = 10_001
    assert clock.live() is None


def test_now_never_goes_back_when_events_came_from_ahead_of_the_wall_clock() -> None:
    clock = LaneClock(12_000, Wall(), 2_000)
    clock.caught_up(10_000)
    assert clock.live() == 12_000


def test_an_idle_lane_goes_no_further_than_the_last_look_at_the_ends() -> None:
    clock = LaneClock(0, Wall(), 2_000)
    assert clock.idle_until(9_800) == 9_800
    assert clock.idle_until(20_000) == 10_000


def test_with_event_time_there_is_no_wall_clock_at_all() -> None:
    clock = LaneClock(5, None, 2_000)
    clock.caught_up(10_000)
    assert clock.live() is None
    assert clock.idle_until(10_000) is None


def test_lanes_go_on_to_the_latest_of_them_when_all_have_been_idle() -> None:
    wall = Wall()
    shared = SharedClock(500, wall)
    shared.busy(0, 100)
    shared.busy(1, 900)
    assert shared.idle(0, 100) is None
    assert shared.idle(1, 900) is None
    wall.at += 500
    assert shared.idle(0, 100) == 900
    assert shared.idle(1, 900) == 900


def test_one_lane_at_work_holds_the_others() -> None:
    wall = Wall()
    shared = SharedClock(500, wall)
    shared.busy(0, 100)
    shared.idle(1, 900)
    wall.at += 5_000
    assert shared.idle(1, 900) is None
    shared.forget(0)
    assert shared.idle(1, 900) == 900


def test_a_lane_that_was_idle_and_got_work_starts_the_wait_anew() -> None:
    wall = Wall()
    shared = SharedClock(500, wall)
    shared.idle(0, 100)
    shared.idle(1, 100)
    wall.at += 600
    shared.busy(0, 700)
    shared.idle(0, 700)
    assert shared.idle(1, 100) is None
    wall.at += 500
    assert shared.idle(1, 100) == 700
