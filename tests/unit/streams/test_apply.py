"""The two decisions are pure: the same in gives the same out, and what goes in is not changed."""

from __future__ import annotations

from copy import copy
from functools import cache

import pytest

from schemas.decode import decode as decode_event
from schemas.events import Event
from schemas.policy import load
from streams.apply import apply, wake
from streams.codec import encode
from streams.state import Customer, Erased
from streams.timers import key, parts
from streams.work import part
from tests.story import KINDS, Story
from tests.unit.streams.examples import POLICY, told

POLICY_NOW = load(None)


def latest(story: Story) -> Event:
    """The event that was told last."""
    topic, line = next(step for step in reversed(story.script) if not isinstance(step, int))
    event = decode_event(topic, line)
    assert isinstance(event, Event)
    return event


@cache
def everything() -> Customer:
    """The state of a customer to whom everything happened."""
    return told(Story(POLICY)).state()


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_changes_nothing_of_the_state_it_is_applied_to(kind: str) -> None:
    state = everything()
    other = Story(POLICY).at("401d")
    event = latest(getattr(other, kind)(event_id="fresh"))
    before = encode(state)
    first = apply(state, event, event.occurred_at, other.policy)
    assert encode(state) == before
    assert apply(state, event, event.occurred_at, other.policy) == first


def test_waking_changes_nothing_of_the_state_that_is_woken() -> None:
    story = Story(POLICY).repeat(3, "ordered", every="1d").add_to_cart().ticket_created().mail_sent()
    state = story.state()
    before = encode(state)
    assert state.next_due is not None
    first = wake(state, state.next_due, story.policy)
    assert encode(state) == before
    assert wake(state, state.next_due, story.policy) == first


def test_waking_too_early_does_nothing_but_take_the_time() -> None:
    story = Story().add_to_cart()
    outcome = wake(story.state(), story.cursor + 1, story.policy)
    assert (outcome.emissions, outcome.facts, outcome.next_due) == ((), (), story.state().next_due)


@pytest.mark.parametrize("state", [None, Erased(5)])
def test_nobody_and_the_erased_are_not_woken(state: Erased | None) -> None:
    outcome = wake(state, 10, POLICY_NOW)
    assert (outcome.state, outcome.emissions, outcome.next_due) == (state, (), None)


def test_now_is_never_before_the_event_nor_before_what_the_customer_has_seen() -> None:
    story = Story().at("5d").page_view()
    event = latest(Story().at("2d").csat(1, event_id="late"))
    outcome = apply(story.state(), event, 0, story.policy)
    assert isinstance(outcome.state, Customer)
    assert (outcome.state.now, outcome.emissions[0].at) == (story.cursor, story.cursor)
    first = apply(None, event, 0, story.policy)
    assert isinstance(first.state, Customer)
    assert first.state.now == event.occurred_at


def test_an_outcome_tells_when_it_wants_to_be_woken() -> None:
    story = Story().add_to_cart()
    assert story.outcomes[-1].next_due == story.state().next_due == story.cursor + 3_600_000


def test_a_key_of_a_timer_is_its_rule_and_what_it_is_about() -> None:
    assert parts(key("fatigued", "m1")) == ("fatigued", "m1")
    assert parts(key("going_quiet")) == ("going_quiet", "")
    assert key("a", "z") < key("ab", "a")


def test_a_part_is_copied_before_it_is_changed() -> None:
    story = Story().mail_sent()
    customer = copy(story.state())
    was = customer.mail
    fresh = part(customer, "mail")
    fresh.unsubscribed = True
    assert (was.unsubscribed, customer.mail.unsubscribed) == (False, True)


def test_a_rule_that_is_due_twice_at_one_instant_fires_twice() -> None:
    story = Story().ticket_created("t1", priority="urgent").ticket_created("t2", priority="urgent").until("1h")
    assert story.subjects("first_reply_overdue") == ["t1", "t2"]
    assert len({record.id for record in story.triggers}) == len(story.triggers)


def test_the_state_of_a_silent_customer_fades_to_a_score_of_nothing() -> None:
    line = Story().repeat(20, "ordered").until("900d").line()
    assert (line["score"], line["raw"], line["level"], line["contributions"]) == (0, 0, "low", [])
