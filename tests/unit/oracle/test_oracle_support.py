"""Tickets of the reference, worked out by hand."""

from __future__ import annotations

import pytest

from tests.oracle.story import Story

HOUR = 3_600_000
DAY = 24 * HOUR


def one_touch() -> Story:
    """A ticket created at 0, answered after an hour and solved after two."""
    return Story().ticket("created", 0).ticket("agent_replied", "1h").ticket("solved", "2h")


def test_a_resolution_is_confirmed_seven_days_after_solved() -> None:
    assert one_touch().play(until="7d+2h").fired("first_contact_resolved") == [f"7:{2 * HOUR} t"]
    assert one_touch().play(until="7d+1h").customer()["tickets"]["fcr_pending"] == 1


def test_a_reopening_at_the_end_of_the_window_comes_after_the_confirmation() -> None:
    end = one_touch().ticket("reopened", "7d+2h").play()
    assert (end.fired("first_contact_resolved"), end.fired("first_contact_missed")) == ([f"7:{2 * HOUR} t"], [])


def test_a_reopening_inside_the_window_misses() -> None:
    end = one_touch().ticket("reopened", "7d+119m").play(until="20d")
    assert (end.fired("first_contact_resolved"), len(end.fired("first_contact_missed"))) == ([], 1)


@pytest.mark.parametrize(
    ("kind", "fields", "missed"),
    [
        ("agent_replied", {}, True),
        ("escalated", {}, True),
        ("assigned", {"assignee": "ann"}, False),
        ("customer_replied", {}, True),
        ("reopened", {}, False),
    ],
)
def test_one_more_event_before_solved_decides(kind: str, fields: dict[str, str], missed: bool) -> None:
    story = Story().ticket("created", 0).ticket("agent_replied", "1h").ticket(kind, "90m", **fields)
    assert bool(story.ticket("solved", "2h").play().fired("first_contact_missed")) is missed


def test_two_assignees_miss() -> None:
    story = Story().ticket("created", 0).ticket("assigned", 1, assignee="a").ticket("assigned", 2, assignee="b")
    assert story.ticket("solved", "2h").play().fired("first_contact_missed") == [f"0:{2 * HOUR} t"]


def test_a_customer_reply_before_the_first_answer_does_not_miss() -> None:
    story = Story().ticket("created", 0).ticket("customer_replied", "1h").ticket("agent_replied", "2h")
    assert story.ticket("solved", "3h").play().fired("first_contact_missed") == []


def test_a_new_ticket_of_the_same_product_misses_the_pending_one() -> None:
    story = Story().ticket("created", 0, product="app").ticket("closed", "1h")
    assert story.ticket("created", "2h", "u", product="app").play().fired("first_contact_missed") == [f"0:{2 * HOUR} t"]


def test_tickets_without_product_are_of_one_product() -> None:
    story = one_touch().ticket("created", "1d", "u")
    assert story.play().fired("first_contact_missed") == ["1:0 t"]
    assert story.play().fired("repeat_contact") == ["1:0"]


def test_a_new_ticket_of_another_product_does_not_miss() -> None:
    assert one_touch().ticket("created", "1d", "u", product="app").play().fired("first_contact_missed") == []


def test_a_second_outcome_is_never_set() -> None:
    end = one_touch().ticket("reopened", "1d").ticket("solved", "2d").play(until="30d")
    assert (end.customer()["tickets"]["fcr_missed"], end.customer()["tickets"]["fcr_confirmed"]) == (1, 0)
    assert end.customer()["tickets"]["solved"] == 2


def test_the_first_reply_target_passes_at_eight_hours() -> None:
    assert Story().ticket("created", 0).play(until="8h").fired("first_reply_overdue") == [f"0:{8 * HOUR} t"]
    assert Story().ticket("created", 0).ticket("agent_replied", "8h").play().fired("first_reply_overdue") != []
    assert Story().ticket("created", 0).ticket("solved", "479m").play(until="9h").fired("first_reply_overdue") == []


def test_the_resolution_clock_stands_still_while_waiting() -> None:
    story = Story().ticket("created", 0, priority="urgent").ticket("agent_replied", "30m")
    story.ticket("customer_replied", "1d")
    assert story.play(until="3d").fired("resolution_overdue") == [f"1:{7 * HOUR + HOUR // 2} t"]


def test_the_resolution_clock_goes_on_after_a_reopening() -> None:
    story = Story().ticket("created", 0, priority="urgent").ticket("solved", "7h").ticket("reopened", "1d")
    assert story.play(until="2d").fired("resolution_overdue") == [f"1:{HOUR} t"]


def test_an_unknown_ticket_has_no_targets_until_it_is_created() -> None:
    story = Story().ticket("escalated", "1h")
    assert story.play(until="9d").fired("first_reply_overdue") == []
    assert story.play().customer()["tickets"]["created"] == 0
    assert story.ticket("created", "2h").play(until="9d").fired("first_reply_overdue") == [f"0:{10 * HOUR} t"]


def test_a_second_created_changes_nothing() -> None:
    story = Story().ticket("created", 0, priority="low").ticket("created", "1h", priority="urgent")
    assert story.play(until="3d").fired("first_reply_overdue") == ["1:0 t"]
    assert story.play().customer()["tickets"]["created"] == 1


def test_an_untouched_ticket_is_no_open_escalation_after_ninety_days() -> None:
    story = Story().ticket("created", 0).ticket("escalated", 1)
    assert story.play(until="89d").customer()["contact"]["reasons"] == ["open_escalation"]
    assert story.play(until="90d+1ms").customer()["contact"]["allowed"] is True


def test_the_third_ticket_of_a_week_is_no_repeat_contact() -> None:
    story = Story().ticket("created", 0, "a", product="x").ticket("created", "1d", "b", product="x")
    assert story.ticket("created", "2d", "c", product="x").play().fired("repeat_contact") == ["1:0 x"]


def test_a_ticket_seven_days_later_is_no_repeat() -> None:
    story = Story().ticket("created", 0, "a").ticket("created", "7d", "b")
    assert story.play().fired("repeat_contact") == []


def test_a_page_view_thirty_minutes_before_is_no_information_gap() -> None:
    for offset, count in ((30 * 60_000, 0), (30 * 60_000 - 1, 1), (0, 1)):
        story = Story().click("page_view", 0, url="/").ticket("created", offset)
        assert len(story.play().fired("information_gap")) == count
