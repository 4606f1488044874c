"""A lane: the order of events and timers, and what comes out of it."""

from __future__ import annotations

import tracemalloc

from streams.lane import BEGINNING, Lane, Memory
from tests.story import Story


def test_time_never_goes_back() -> None:
    story = Story().at("5d").page_view().at("1d").page_view()
    assert story.lane.now == story.zero + 5 * 86_400_000
    story.lane.advance(story.zero)
    assert story.lane.now == story.zero + 5 * 86_400_000


def test_timers_of_all_customers_run_in_order_of_due_time_and_customer() -> None:
    story = Story()
    for who, at in (("c", "1h"), ("b", "0h"), ("a", "1h"), ("d", "0h")):
        story.by(who).at(at).add_to_cart()
    story.until("9h")
    order = [(record.customer_id, record.at - story.zero) for record in story.triggers]
    hour = 3_600_000
    assert order == [("b", hour), ("d", hour), ("a", 2 * hour), ("c", 2 * hour)]


def test_a_timer_runs_at_its_due_time_also_when_time_leaps() -> None:
    story = Story().add_to_cart().ticket_created(priority="urgent").until("900d")
    assert (story.fired("cart_abandoned"), story.fired("resolution_overdue")) == (["1h"], ["8h"])


def test_a_timer_that_was_cleared_or_moved_does_not_run() -> None:
    story = Story().add_to_cart().after("30m").add_to_cart().until("1h")
    assert story.fired("cart_abandoned") == []
    assert story.ordered().until("9d").fired("cart_abandoned") == []


def test_a_timer_that_sets_another_one_due_is_followed_by_it() -> None:
    story = Story({"contact": {"rolling": [{"max": 3, "span": "40d"}]}})
    for number in range(3):
        story.mail_sent(f"m{number}")
    assert story.until("900d").fired("contact_due") == ["40d"]


def test_duplicates_and_dropped_events_change_no_state() -> None:
    story = Story().page_view(event_id="x")
    story.lane.take()
    story.page_view(event_id="x")
    assert (story.disposition, story.lane.take().states) == ("duplicate", {})
    story.after("1d").erased().at("0d")
    story.page_view()
    assert (story.disposition, story.lane.take().states) == ("dropped", {})


def test_what_came_out_is_taken_once() -> None:
    story = Story().csat(1)
    changes = story.lane.take()
    assert (changes.emissions, changes.states, changes.facts) == ([], {}, [])


def test_an_erased_customer_has_no_timer() -> None:
    story = Story().ordered().add_to_cart()
    assert story.lane.timers_pending == 1
    story.after("1m").erased()
    assert (story.lane.timers_pending, story.lane.next_due()) == (0, None)


def test_a_lane_that_is_recovered_runs_the_timers_it_is_told_of() -> None:
    story = Story().add_to_cart()
    state = story.state()
    store = Memory()
    store.put("ada", state)
    lane = Lane(store, story.policy)
    assert (lane.now, lane.next_due()) == (BEGINNING, None)
    lane.arm("ada", state.next_due)
    lane.arm("ada", state.next_due)
    assert lane.next_due() == story.cursor + 3_600_000
    lane.advance(story.cursor + 3_600_000)
    assert [emission.trigger for emission in lane.take().emissions if hasattr(emission, "trigger")] == [
        "cart_abandoned"
    ]


def test_timers_told_all_at_once_are_next_in_the_order_of_time() -> None:
    lane = Lane(Memory(), Story().policy)
    lane.arm("eve", 25)
    due = {"ann": 40, "bob": 10, "cay": 30, "dan": 20}
    lane.arm_all(due)
    seen = []
    for customer_id in ("bob", "dan", "eve", "cay", "ann"):
        seen.append(lane.next_due())
        lane.arm(customer_id, None)
    assert (seen, lane.next_due(), lane.timers_pending) == ([10, 20, 25, 30, 40], None, 0)


def test_a_store_forgets_what_is_put_as_nothing() -> None:
    store = Memory()
    store.put("ada", Story().page_view().state())
    store.put("ada", None)
    store.put("bob", None)
    assert (store.get("ada"), len(store)) == (None, 0)


def test_timers_that_are_moved_again_and_again_take_no_room() -> None:
    story = Story()
    lane = story.lane
    for number in range(20):
        lane.arm(f"c{number}", story.zero + number)
    tracemalloc.start()
    try:
        for moved in range(100_000):
            lane.arm(f"c{moved % 20}", story.zero + 86_400_000 + moved)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 1_000_000, "a moved timer is kept until the day it was due"
    assert lane.timers_pending == 20
    assert lane.next_due() == story.zero + 86_400_000 + 99_980
