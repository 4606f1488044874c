"""Tickets: what is kept, in what space, and for how long."""

from __future__ import annotations

from schemas.times import DAY
from streams.support import ASSIGNEES_KEPT, open_escalations
from tests.story import Story


def test_tickets_of_before_are_not_changed_by_an_event() -> None:
    story = Story().ticket_created("t1")
    before = story.state()
    ticket, counters = before.tickets["t1"], before.support.escalated
    story.ticket_escalated("t1")
    assert (ticket.escalations, counters, before.support.escalated) == (0, 0, 0)
    assert story.state().tickets["t1"].escalations == 1


def test_assignees_are_kept_once_each_and_not_without_end() -> None:
    story = Story()
    for number in range(50):
        story.ticket_assigned("t1", assignee=f"a{number % 20}")
    assert len(story.state().tickets["t1"].assignees) == ASSIGNEES_KEPT


def test_an_open_escalation_ends_with_solved_and_begins_again_with_reopened() -> None:
    story = Story().ticket_escalated("t1")
    found = []
    for kind in ("ticket_solved", "ticket_reopened", "ticket_closed"):
        getattr(story, kind)("t1")
        found.append(open_escalations(story.state(), story.cursor, story.policy))
    assert found == [[], ["t1"], []]


def test_a_ticket_to_be_forgotten_is_no_open_escalation_from_that_instant_on() -> None:
    story = Story().ticket_escalated("t1")
    end = story.cursor + 90 * DAY
    assert open_escalations(story.state(), end - 1, story.policy) == ["t1"]
    assert open_escalations(story.state(), end, story.policy) == []


def test_a_pending_ticket_is_kept_until_it_is_judged() -> None:
    story = Story({"ticket_retention": "1d"}).ticket_created().ticket_solved().until("3d")
    assert list(story.state().tickets) == ["t1"]
    assert story.until("7d").fired("first_contact_resolved") == ["7d"]
    assert story.state().tickets == {}


def test_a_forgotten_ticket_leaves_no_timer() -> None:
    story = Story({"triggers": {"going_quiet": {"after": "900d"}}}).ticket_created(priority="low").until("91d")
    assert {name.split("\x1f")[0] for name in story.state().timers} == {"going_quiet"}


def test_a_late_created_misses_a_ticket_that_was_solved_in_between() -> None:
    story = Story().ticket_created("t1", product="a").at("1d").ticket_solved("t1").at("5d").page_view()
    story.at("2d").ticket_created("t2", product="a")
    assert story.evidence("first_contact_missed")["new_ticket"] == "t2"
    assert story.fired("first_contact_missed", "t1") == ["5d"]


def test_several_pending_tickets_of_a_product_are_missed_together() -> None:
    story = Story().ticket_solved("t1").ticket_solved("t2").ticket_solved("t3").after("1h").ticket_created("t9")
    assert story.subjects("first_contact_missed") == ["t1", "t2", "t3"]


def test_the_stage_of_a_ticket_is_that_at_its_creation() -> None:
    story = Story().ticket_escalated("t1").form_submit().ticket_created("t1").ordered()
    assert story.state().tickets["t1"].stage == "lead"
