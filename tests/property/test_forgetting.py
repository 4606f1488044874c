"""A customer of whom nothing was heard for the policy's ``customer_retention`` is forgotten, and only then."""

from __future__ import annotations

from hypothesis import given, settings

from schemas.policy import merge
from schemas.times import DAY
from streams.state import Customer, Erased
from tests.property.histories import FORGETFUL, History, histories, run
from tests.story import Story

POLICY = merge(FORGETFUL)
SPAN = 14 * DAY


@settings(max_examples=150)
@given(histories())
def test_those_of_whom_nothing_was_heard_for_so_long_are_forgotten_and_no_one_else(history: History) -> None:
    end = max(now for _, now in history) + 3 * DAY
    changes, store = run(history, POLICY, end=end)
    without, kept = run(history, merge({**FORGETFUL, "customer_retention": None}), end=end)
    for name, state in kept.items():
        if not isinstance(state, Customer):
            assert store.get(name) == state
        elif state.last_seen + SPAN <= end:
            assert not isinstance(store.get(name), Customer)
        else:
            assert isinstance(store.get(name), Customer)
    assert changes.dispositions.total() == without.dispositions.total()


def test_a_customer_is_known_until_the_last_millisecond() -> None:
    story = Story({"customer_retention": "10d"}).page_view()
    assert story.until("10d-1ms").store.get("ada") is not None
    assert story.until("10d").store.get("ada") is None


def test_what_falls_due_at_the_same_instant_is_told_first() -> None:
    story = Story({"customer_retention": "14d"}).subscription_started().form_submit().until("14d")
    assert story.fired("going_quiet") == ["14d"]
    assert story.store.get("ada") is None


def test_one_who_is_heard_of_too_late_is_forgotten_at_once() -> None:
    story = Story({"customer_retention": "10d"}).at("20d").page_view().by("bo").at("5d").ordered()
    assert story.fired("stage_changed", who="bo") == ["20d"]
    assert story.store.get("bo") is None
    assert story.lane.next_due() is not None


def test_an_erasure_is_not_forgotten_with_the_customer_who_came_after_it() -> None:
    story = Story({"customer_retention": "10d"}).page_view().after("1d").erased().after("1d").page_view()
    assert isinstance(story.until("12d").store.get("ada"), Erased)
    assert story.at("1d").page_view().disposition == "dropped"


def test_a_policy_that_keeps_everyone_lets_go_of_no_one_whom_another_policy_would_have_forgotten() -> None:
    story = Story({"customer_retention": "10d"}).page_view()
    story.lane.policy = merge({})
    assert story.until("20d").store.get("ada") is not None


def test_a_policy_with_more_patience_waits_longer() -> None:
    story = Story({"customer_retention": "10d"}).page_view()
    story.lane.policy = merge({"customer_retention": "30d"})
    assert story.until("30d-1ms").store.get("ada") is not None
    assert story.until("30d").store.get("ada") is None
