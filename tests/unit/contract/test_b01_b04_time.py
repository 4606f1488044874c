"""Appendix B 1-4: spans, order of timers, cooldowns, crossings and late events."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.policy import load
from tests.story import KINDS, Story

SWITCHES = ("stage_changed", "value_tier_changed", "role_changed", "segment_entered", "segment_left")


@pytest.mark.parametrize(
    ("created", "missed"), [("2d-1ms", False), ("2d", True), ("9d-1ms", True), ("9d", False), ("9d+1ms", False)]
)
def test_b1_x_is_within_a_span_after_t_from_t_on_and_before_its_end(created: str, missed: bool) -> None:
    """B1: x is within W after T when T <= x < T + W; here: a new ticket within 7 d after the other was solved."""
    story = Story().ticket_created("t1").at(created)
    if created == "2d-1ms":
        story.ticket_created("t2").at("2d").ticket_solved("t1")
    else:
        story.at("2d").ticket_solved("t1").at(created).ticket_created("t2")
    assert bool(story.until("30d").fired("first_contact_missed", "t1")) is missed


@pytest.mark.parametrize(("second", "fires"), [("0s", True), ("7d-1ms", True), ("7d", False), ("7d+1ms", False)])
def test_b1_x_is_within_a_span_before_now_after_its_beginning_and_up_to_now(second: str, fires: bool) -> None:
    """B1: within W before now when now - W < x <= now; here: a second ticket within 7 d."""
    story = Story().ticket_created("t1").at(second).ticket_created("t2")
    assert bool(story.fired("repeat_contact")) is fires


def test_b1_what_falls_due_at_the_end_of_a_span_falls_due_at_that_instant() -> None:
    """B1: what falls due at T + W falls due at that instant."""
    story = Story().add_to_cart().until("1h-1ms")
    assert story.fired("cart_abandoned") == []
    assert story.until("1h").fired("cart_abandoned") == ["1h"]


@pytest.mark.parametrize(("ordered", "abandoned"), [("1h-1ms", []), ("1h", ["1h"]), ("1h+1ms", ["1h"])])
def test_b1_a_timer_runs_before_any_event_that_occurred_when_it_was_due_or_later(
    ordered: str, abandoned: list[str]
) -> None:
    """B1: a timer due at T runs before any event that occurred at T or later."""
    assert Story().add_to_cart().at(ordered).ordered().until("2h").fired("cart_abandoned") == abandoned


def test_b1_a_timer_of_another_customer_runs_before_the_event_too() -> None:
    """B1: a timer due at T runs before any event, of whatever customer."""
    story = Story().add_to_cart().at("1h").by("bob").csat(1)
    assert [record.trigger for record in story.triggers] == ["cart_abandoned", "low_satisfaction"]


def test_b1_timers_of_one_instant_run_in_order_of_customer_rule_and_subject() -> None:
    """B1: timers due at the same instant run in order of customer_id, rule name, subject."""
    story = Story({"targets": {"resolution": {"urgent": "1h"}}})
    for who in ("bob", "ada"):
        story.by(who).ticket_created("t2", priority="urgent").ticket_created("t1", priority="urgent").add_to_cart()
    story.until("1h")
    timers = [
        (record.customer_id, record.trigger, record.subject) for record in story.triggers if record.at > story.zero
    ]
    expected = [("cart_abandoned", None)]
    expected += [(rule, ticket) for rule in ("first_reply_overdue", "resolution_overdue") for ticket in ("t1", "t2")]
    assert timers == [(who, *firing) for who in ("ada", "bob") for firing in expected]


def test_b2_the_default_cooldown_is_zero_but_where_appendix_a_gives_one() -> None:
    """B2: default cooldown is 0 but where Appendix A gives one."""
    given = {"interest_surge": 7, "product_interest": 7, "feedback_due": 90}
    triggers = load(None).triggers
    for name in triggers.__struct_fields__:
        assert getattr(triggers, name).cooldown == given.get(name, 0) * 86_400_000, name


@pytest.mark.parametrize(
    ("trigger", "kind", "fields"),
    [
        ("ticket_escalated", "ticket_escalated", {}),
        ("ticket_reopened", "ticket_reopened", {}),
        ("low_satisfaction", "ticket_rated", {"score": 1}),
        ("low_satisfaction", "csat", {"score": 2}),
        ("detractor", "nps", {"score": 0}),
        ("promoter", "nps", {"score": 9}),
    ],
)
def test_b2_a_rule_whose_condition_is_an_event_fires_at_each_such_event(
    trigger: str, kind: str, fields: dict[str, Any]
) -> None:
    """B2: a rule whose condition is an event fires at each such event."""
    assert Story().repeat(3, kind, every="1h", **fields).fired(trigger) == ["0s", "1h", "2h"]


def test_b2_the_crossing_rule_is_for_the_others() -> None:
    """B2: ... the crossing rule is for the others: not again while it stays so."""
    story = Story({"triggers": {"product_interest": {"cooldown": "0s"}}}).repeat(6, "product_view", every="1h")
    assert story.fired("product_interest") == ["2h"]


def test_b2_a_firing_inside_the_cooldown_is_lost_and_not_postponed() -> None:
    """B2: a firing inside the cooldown is lost, not postponed."""
    story = Story({"triggers": {"ticket_escalated": {"cooldown": "1d"}}})
    story.ticket_escalated().at("1d-1ms").ticket_escalated().until("9d")
    assert story.fired("ticket_escalated") == ["0s"]


def test_b2_a_lost_firing_does_not_lengthen_the_cooldown() -> None:
    """B2: ... and does not lengthen it; the cooldown is half-open, so a firing at its end is one."""
    story = Story({"triggers": {"ticket_escalated": {"cooldown": "1d"}}})
    story.ticket_escalated().at("23h").ticket_escalated().at("1d").ticket_escalated()
    assert story.fired("ticket_escalated") == ["0s", "1d"]


def test_b2_a_cooldown_is_of_one_customer_and_subject() -> None:
    """6, cooldown: no second firing for the same customer and subject; another subject is another firing."""
    story = Story({"triggers": {"ticket_escalated": {"cooldown": "1d"}}})
    story.ticket_escalated("t1").ticket_escalated("t2").by("bob").ticket_escalated("t1")
    assert story.subjects("ticket_escalated") == ["t1", "t2", "t1"]


def test_b3_a_condition_is_judged_without_and_with_the_event_at_the_same_now() -> None:
    """B3: it fires when it does not hold without the event and holds with it: the condition that lapsed fires anew."""
    story = Story({"triggers": {"product_interest": {"cooldown": "0s"}}})
    for moment in ("0d", "1d", "2d", "7d"):
        story.at(moment).product_view()
    assert story.fired("product_interest") == ["2d", "7d"]


def test_b3_a_condition_that_holds_without_the_event_does_not_fire() -> None:
    """B3: it fires when it does not hold without it: at 7 d less 1 ms the first view is still inside."""
    story = Story({"triggers": {"product_interest": {"cooldown": "0s"}}})
    for moment in ("0d", "1d", "2d", "7d-1ms"):
        story.at(moment).product_view()
    assert story.fired("product_interest") == ["2d"]


def test_b3_time_alone_does_not_change_a_segment_or_a_role() -> None:
    """B3: time alone changes a condition only for the rules whose row says so."""
    story = Story({"segments": {"warm": {"state": "score", "at_least": 24}}}).repeat(3, "download", every="1s")
    story.until("60d")
    assert story.fired("segment_left") == []
    assert (story.line()["segments"], story.line()["role"], story.line()["score"]) == ([], "information_gatherer", 1)


def test_b3_time_alone_takes_nobody_out_of_a_segment() -> None:
    """B3, B35: a segment is left at the next event, not when the condition lapses."""
    story = Story({"segments": {"warm": {"state": "score", "at_least": 20}}}).ordered().until("30d")
    assert (story.line()["segments"], story.line()["score"]) == (["warm"], 5)
    assert story.at("31d").updated(country="DE").fired("segment_left", "warm") == ["31d"]


def test_b4_a_late_event_is_put_where_it_belongs_and_judged_at_now() -> None:
    """B4: a late event is put where its occurred_at belongs, then everything is evaluated at now."""
    story = Story().product_view().at("6d").product_view().at("7d-1ms").page_view().at("3d").product_view()
    assert story.fired("product_interest") == ["6d+23h+59m+59s+999ms"]
    assert story.evidence("product_interest")["views"] == [f"2026-03-0{day}T00:00:00.000Z" for day in (2, 5, 8)]


def test_b4_a_late_event_that_no_longer_counts_at_now_does_not_fire() -> None:
    """B4: no past instant is judged again: three views within 7 d of each other, but not within 7 d before now."""
    story = Story().product_view().at("6d").product_view().at("7d").page_view().at("3d").product_view()
    assert story.fired("product_interest") == []


def test_b4_the_at_of_what_a_late_event_emits_is_now() -> None:
    """B4: at of what is emitted is now, of triggers and of score changes."""
    story = Story().at("5d").page_view().at("1d").ticket_escalated().ordered()
    assert (story.fired("ticket_escalated"), story.changes()) == (["5d"], [("5d", 11, "low")])


def test_b4_nothing_already_emitted_is_taken_back() -> None:
    """B4: an order that comes to be known after the cart was called abandoned changes nothing of that."""
    story = Story().add_to_cart().at("2h").page_view().at("30m").ordered().until("1d")
    assert story.fired("cart_abandoned") == ["1h"]


def test_b4_a_timer_that_is_already_due_when_it_is_set_runs_at_once_at_now() -> None:
    """B4: a timer that is already due when it is set runs at once with at = now."""
    story = Story().at("3h").page_view().at("1h").add_to_cart()
    assert story.fired("cart_abandoned") == ["3h"]
    assert story.triggers[-1].cause == "timer"


def test_every_kind_of_event_can_be_told() -> None:
    """Every event of the contract's table is decoded and applied."""
    story = Story()
    for kind in KINDS:
        getattr(story.after("1m"), kind)()
        assert story.disposition == "applied"
