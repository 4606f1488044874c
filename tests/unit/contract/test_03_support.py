"""Section 3: what is resolved on first contact, and the support triggers of section 6."""

from __future__ import annotations

from typing import Any

import pytest

from tests.story import Story

Steps = list[tuple[str, dict[str, Any]]]
REPLY: tuple[str, dict[str, Any]] = ("agent_replied", {})
ASK: tuple[str, dict[str, Any]] = ("customer_replied", {})
ANN: tuple[str, dict[str, Any]] = ("assigned", {"assignee": "ann"})
BOB: tuple[str, dict[str, Any]] = ("assigned", {"assignee": "bob"})


@pytest.mark.parametrize(
    ("steps", "because"),
    [
        ([], None),
        ([REPLY], None),
        ([REPLY, REPLY], "several_replies"),
        ([("escalated", {})], "escalated"),
        ([ANN], None),
        ([ANN, ANN], None),
        ([("assigned", {}), ANN], None),
        ([ANN, BOB], "several_assignees"),
        ([ASK, ASK, REPLY], None),
        ([REPLY, ASK], "customer_replied_again"),
    ],
)
def test_3_provisionally_resolved_on_first_contact(steps: Steps, because: str | None) -> None:
    """3: at most 1 agent_replied, no escalated, at most one distinct assignee, no customer_replied after the first."""
    story = Story().ticket_created("t1")
    for kind, fields in steps:
        getattr(story.after("1m"), f"ticket_{kind}")("t1", **fields)
    story.at("1d").ticket_solved("t1")
    if because is None:
        assert story.line()["tickets"]["fcr_pending"] == 1
        assert story.until("8d-1ms").fired("first_contact_resolved") == []
        assert story.until("8d").fired("first_contact_resolved", "t1") == ["8d"]
    else:
        assert story.fired("first_contact_missed", "t1") == ["1d"]
        assert story.evidence("first_contact_missed")["because"] == because


@pytest.mark.parametrize(("order", "missed"), [(("agent", "customer"), True), (("customer", "agent"), False)])
def test_3_a_reply_at_the_instant_of_the_first_answer_goes_by_arrival(order: tuple[str, str], missed: bool) -> None:
    """3: no customer_replied after the first agent_replied; decided: at one instant the order of arrival counts."""
    story = Story().ticket_created().at("1h")
    for who in order:
        getattr(story, f"ticket_{who}_replied")()
    story.at("2h").ticket_solved()
    assert bool(story.fired("first_contact_missed")) is missed


@pytest.mark.parametrize("kind", ["ticket_solved", "ticket_closed"])
def test_3_closed_on_a_ticket_not_yet_solved_counts_as_solved(kind: str) -> None:
    """3: closed on a ticket not yet solved counts as solved."""
    story = getattr(Story().ticket_created().at("1d"), kind)()
    assert (story.line()["tickets"]["solved"], story.line()["tickets"]["fcr_pending"]) == (1, 1)


def test_3_a_ticket_has_one_outcome_set_once() -> None:
    """3: a ticket has one outcome, set once: solving it again is not judged again."""
    story = Story().ticket_created().at("1d").ticket_solved().at("2d").ticket_reopened().at("3d").ticket_solved()
    assert story.until("30d").fired("first_contact_missed") == ["2d"]
    assert story.fired("first_contact_resolved") == []


def test_3_a_confirmed_ticket_stays_confirmed_when_it_is_reopened() -> None:
    """3: one outcome, set once."""
    story = Story().ticket_created().ticket_solved().until("7d").ticket_reopened().at("8d").ticket_solved().until("30d")
    assert (story.fired("first_contact_resolved"), story.fired("first_contact_missed")) == (["7d"], [])


def test_3_the_rate_is_confirmed_over_confirmed_and_missed() -> None:
    """3: FCR rate = confirmed / (confirmed + missed). Tickets still inside the window count as pending."""
    story = Story().ticket_created("t1", product="a").ticket_solved("t1").ticket_created("t2", product="b")
    story.ticket_escalated("t2").ticket_solved("t2").at("7d").ticket_created("t3", product="c").ticket_solved("t3")
    assert story.kpis()["total"]["fcr"] == {"rate": 50.0, "confirmed": 1, "missed": 1, "pending": 1}


def test_3_counted_by_channel_product_and_the_customers_stage_at_creation() -> None:
    """3: escalations, reopens and tickets are counted by channel, by product and by the customer's stage."""
    story = Story().form_submit().ticket_created("t1", product="crm", channel="chat").ordered()
    story.ticket_escalated("t1").ticket_solved("t1").ticket_reopened("t1")
    by = story.kpis()["total"]["by"]
    for dimension, value in (("product", "crm"), ("channel", "chat"), ("stage", "lead")):
        tickets = by[dimension][value]["tickets"]
        assert [tickets[name] for name in ("created", "escalated", "reopened", "solved")] == [1, 1, 1, 1], dimension


@pytest.mark.parametrize("kind", ["escalated", "reopened"])
def test_6_escalated_and_reopened_name_the_ticket(kind: str) -> None:
    """6: ticket_escalated, ticket_reopened: the subject is the ticket, so that two tickets are two firings."""
    story = Story().ticket_created("t1").ticket_created("t2")
    getattr(getattr(story, f"ticket_{kind}")("t2"), f"ticket_{kind}")("t1")
    assert story.subjects(f"ticket_{kind}") == ["t2", "t1"]


@pytest.mark.parametrize(("at", "overdue"), [("1h-1ms", []), ("1h", ["1h"])])
def test_6_overdue_by_timer_with_no_event_needed(at: str, overdue: list[str]) -> None:
    """6: first_reply_overdue, resolution_overdue: by timer, no event needed; the subject is the ticket."""
    story = Story().ticket_created("t9", priority="urgent").until(at)
    assert story.fired("first_reply_overdue", "t9") == overdue
    assert story.until("8h-1ms").fired("resolution_overdue") == []
    assert story.until("8h").fired("resolution_overdue", "t9") == ["8h"]


def test_6_a_ticket_of_which_the_target_is_past_when_its_created_arrives_is_overdue_at_once() -> None:
    """B4: a timer that is already due when it is set runs at once with at = now."""
    story = Story().at("9h").page_view().at("0h").ticket_created()
    assert story.fired("first_reply_overdue") == ["9h"]
