"""The score at the end of each of the last 35 days."""

from __future__ import annotations

from schemas.times import day_of
from streams import history
from streams.plan import plan_of
from tests.story import Story


def read(story: Story) -> list[tuple[int, int]]:
    """(days since the beginning, score) of each day kept."""
    kept = history.read(story.state(), story.lane.now, plan_of(story.policy).scoring)
    return [(day - day_of(story.zero), score) for day, score in kept]


def test_the_first_day_is_that_of_the_first_event_and_the_last_is_yesterday() -> None:
    story = Story().at("3d").ordered()
    assert read(story) == []
    assert read(story.until("5d-1ms")) == [(3, 19)]
    assert read(story.until("5d")) == [(3, 19), (4, 18)]


def test_only_the_last_35_days_are_kept_whatever_happened() -> None:
    story = Story()
    for day in range(0, 100, 9):
        story.at(f"{day}d").ordered()
    kept = read(story)
    assert [day for day, _ in kept] == list(range(99 - 35, 99))
    assert len(story.state().history) <= history.DAYS


def test_a_long_silence_is_filled_in() -> None:
    story = Story().ordered().until("300d").updated(country="DE")
    assert read(story) == [(day, 0) for day in range(265, 300)]


def test_a_late_event_does_not_rewrite_a_day_that_was_over() -> None:
    story = Story().page_view().at("3d").page_view().at("1d").ordered()
    assert [score for _, score in read(story)] == [1, 1, 1]
