"""Appendix B 5-7 and 30: first-contact resolution, unknown tickets, reply and resolution targets, forgetting."""

from __future__ import annotations

import pytest

from tests.story import Story


def solved() -> Story:
    """A ticket of product crm that is provisionally resolved on the second day."""
    return Story().ticket_created("t1", product="crm").at("1d").ticket_agent_replied("t1").at("2d").ticket_solved("t1")


def test_b5_a_reply_that_arrives_after_solved_is_not_looked_at() -> None:
    """B5: the judgement looks at the events applied when solved is applied, whatever their occurred_at."""
    story = solved().at("1d").ticket_agent_replied("t1").ticket_escalated("t1").ticket_customer_replied("t1")
    assert story.until("9d").fired("first_contact_resolved", "t1") == ["9d"]


def test_b5_an_event_that_occurred_after_a_late_solved_is_looked_at() -> None:
    """B5: the judgement looks at the events applied when solved is applied, whatever their occurred_at."""
    story = Story().ticket_created("t1").at("3d").ticket_escalated("t1").at("2d").ticket_solved("t1")
    assert story.fired("first_contact_missed", "t1") == ["3d"]


@pytest.mark.parametrize(("at", "missed"), [("2d", True), ("9d-1ms", True), ("9d", False)])
def test_b5_a_reopening_makes_a_pending_ticket_missed_when_it_is_applied(at: str, missed: bool) -> None:
    """B5: while a ticket is pending, a reopened of it makes it missed when it is applied."""
    story = solved().at(at).ticket_reopened("t1").until("30d")
    assert bool(story.fired("first_contact_missed")) is missed
    assert bool(story.fired("first_contact_resolved")) is not missed


def test_b5_a_late_reopening_makes_it_missed_whatever_its_time() -> None:
    """B5: a reopened of it makes it missed when it is applied; only a created is held to the window."""
    story = solved().at("3d").page_view().at("1d").ticket_reopened("t1")
    assert story.fired("first_contact_missed", "t1") == ["3d"]


@pytest.mark.parametrize(
    ("occurred", "missed"),
    [("2d-1ms", []), ("2d", ["2d+1h"]), ("2d+1h", ["2d+1h"]), ("9d-1ms", ["8d+23h+59m+59s+999ms"])],
)
def test_b5_a_created_of_the_product_in_the_window_makes_it_missed(occurred: str, missed: list[str]) -> None:
    """B5: ... or a created of another ticket of that product with solved_at <= occurred_at < solved_at + 7 d."""
    story = solved().at("2d+1h").page_view().at(occurred).ticket_created("t2", product="crm")
    assert story.fired("first_contact_missed", "t1") == missed


@pytest.mark.parametrize("product", ["app", None])
def test_b5_a_created_of_another_product_does_not(product: str | None) -> None:
    """B5: ... of another ticket of that product."""
    story = solved().at("3d").ticket_created("t2", product=product)
    assert story.until("9d").fired("first_contact_resolved", "t1") == ["9d"]


def test_b5_an_outcome_is_never_changed_by_a_late_event() -> None:
    """B5: an outcome is never changed by a late event."""
    story = solved().until("9d").at("3d").ticket_created("t2", product="crm").ticket_reopened("t1").until("30d")
    assert (story.fired("first_contact_resolved"), story.fired("first_contact_missed")) == (["9d"], [])
    assert story.line()["tickets"]["fcr_confirmed"] == 1


@pytest.mark.parametrize("kind", ["ticket_solved", "ticket_closed"])
def test_b5_solved_or_closed_on_a_solved_ticket_changes_nothing(kind: str) -> None:
    """B5: solved or closed on a solved ticket changes neither its state nor a judgement."""
    story = getattr(solved().at("5d"), kind)("t1")
    assert story.line()["tickets"]["solved"] == 1
    assert story.until("12d").fired("first_contact_resolved") == ["9d"]


def test_b5_reopened_on_a_ticket_that_is_not_solved_changes_no_judgement() -> None:
    """B5: reopened on a ticket that is not solved changes neither its state nor a judgement."""
    story = Story().ticket_created("t1").at("1d").ticket_reopened("t1").at("2d").ticket_solved("t1")
    assert story.until("9d").fired("first_contact_resolved") == ["9d"]


def test_b5_such_a_reopened_is_counted_and_scored_all_the_same() -> None:
    """B5: ... (a reopened is counted and scored all the same)."""
    line = Story().ticket_created("t1").ticket_reopened("t1").line()
    assert (line["tickets"]["reopened"], line["raw"]) == (1, -6)


def test_b5_tickets_without_product_all_count_as_one_product_written_null() -> None:
    """B5: tickets without product all count as one product, written null."""
    story = Story().ticket_created("t1").at("1d").ticket_solved("t1").at("2d").ticket_created("t2")
    assert story.fired("first_contact_missed", "t1") == ["2d"]
    assert (story.subjects("repeat_contact"), story.evidence("repeat_contact")["product"]) == ([None], None)


def test_b6_an_event_of_an_unknown_ticket_starts_it_without_targets() -> None:
    """B6: an event of an unknown ticket starts it with product, channel and created_at null: no targets."""
    story = Story().ticket_escalated("t1")
    facts = story.evidence("ticket_escalated")
    assert (facts["product"], facts["channel"], facts["created_at"]) == (None, None, None)
    story.until("60d")
    assert story.fired("first_reply_overdue") + story.fired("resolution_overdue") == []


def test_b6_a_ticket_that_was_started_so_is_not_counted_as_created() -> None:
    """B6: ... not counted as created."""
    assert Story().ticket_escalated("t1").line()["tickets"]["created"] == 0


def test_b6_a_created_for_such_a_ticket_fills_them_in() -> None:
    """B6: a created for such a ticket fills them in; its targets count from its own occurred_at."""
    story = Story().ticket_escalated("t1").at("1h").ticket_created("t1", product="crm", channel="chat").until("9h")
    facts = story.evidence("first_reply_overdue")
    assert (facts["product"], facts["channel"], facts["created_at"]) == ("crm", "chat", "2026-03-02T01:00:00.000Z")
    assert (story.fired("first_reply_overdue"), story.line()["tickets"]["created"]) == (["9h"], 1)


def test_b6_a_second_created_changes_nothing() -> None:
    """B6: a second created for a ticket that has one changes nothing."""
    story = Story().ticket_created("t1", product="crm", priority="low")
    story.at("1h").ticket_created("t1", product="app", priority="urgent").until("24h")
    assert story.fired("first_reply_overdue") == ["1d"]
    assert (story.line()["tickets"]["created"], story.evidence("first_reply_overdue")["product"]) == (1, "crm")


def test_b6_a_second_created_is_no_information_gap_either() -> None:
    """B6: a second created for a ticket that has one changes nothing; but one that fills a ticket in is a creation."""
    story = Story().ticket_escalated("t1").page_view().ticket_created("t1", channel="chat")
    assert story.subjects("information_gap") == ["t1"]
    story.ticket_created("t1", channel="phone")
    assert story.subjects("information_gap") == ["t1"]


@pytest.mark.parametrize(("at", "overdue"), [("8h-1ms", []), ("8h", ["8h"])])
@pytest.mark.parametrize("kind", ["ticket_solved", "ticket_closed", "ticket_agent_replied"])
def test_b7_a_ticket_that_is_solved_has_met_the_first_reply_target(kind: str, at: str, overdue: list[str]) -> None:
    """B7: a ticket that is solved has met the first-reply target, as one that was answered."""
    story = getattr(Story().ticket_created("t1").at(at), kind)("t1")
    assert story.until("20d").fired("first_reply_overdue") == overdue


@pytest.mark.parametrize(
    ("priority", "reply", "resolution"),
    [("urgent", "1h", "8h"), ("high", "4h", "1d"), (None, "8h", "3d"), ("normal", "8h", "3d"), ("low", "1d", "7d")],
)
def test_3_targets_by_priority(priority: str | None, reply: str, resolution: str) -> None:
    """3: first reply urgent 1h, high 4h, normal 8h, low 24h; resolution urgent 8h, high 24h, normal 72h, low 168h."""
    story = Story().ticket_created("t1", priority=priority).until("30d")
    assert (story.fired("first_reply_overdue"), story.fired("resolution_overdue")) == ([reply], [resolution])


def test_b7_the_resolution_clock_starts_at_created_at() -> None:
    """B7: the resolution clock starts at created_at, also when the created comes late."""
    story = Story().at("10h").page_view().at("4h").ticket_created("t1", priority="urgent").until("2d")
    assert story.fired("resolution_overdue") == ["12h"]


@pytest.mark.parametrize("kind", ["ticket_customer_replied", "ticket_reopened"])
def test_b7_the_clock_waits_from_an_answer_until_the_customer_replies_or_reopens(kind: str) -> None:
    """B7: waits from an agent_replied until the next customer_replied or reopened.

    A reopened of a ticket that is not solved changes neither its state nor a judgement (B5): the clock goes on
    waiting. So the reopening counts here only of a solved ticket.
    """
    story = Story().ticket_created("t1", priority="urgent").at("1h").ticket_agent_replied("t1").at("3d")
    if kind == "ticket_reopened":
        story.ticket_solved("t1").at("4d")
    getattr(story, kind)("t1").until("9d")
    assert story.fired("resolution_overdue") == ["4d+7h" if kind == "ticket_reopened" else "3d+7h"]


def test_b7_the_clock_stands_still_while_solved_and_goes_on_after_a_reopening() -> None:
    """B7: stands still while solved, and goes on after a reopening."""
    story = (
        Story().ticket_created("t1").at("71h").ticket_solved("t1").at("10d").ticket_reopened("t1").until("10d+1h-1ms")
    )
    assert story.fired("resolution_overdue") == []
    assert story.until("10d+1h").fired("resolution_overdue") == ["10d+1h"]


def test_b7_each_of_the_two_overdue_rules_fires_at_most_once_per_ticket() -> None:
    """B7: each of the two overdue rules fires at most once per ticket."""
    story = Story().ticket_created("t1", priority="urgent").at("9h").ticket_agent_replied("t1")
    story.at("10h").ticket_solved("t1").at("1d").ticket_reopened("t1").at("2d").ticket_customer_replied("t1").until(
        "30d"
    )
    assert (story.fired("first_reply_overdue"), story.fired("resolution_overdue")) == (["1h"], ["8h"])


@pytest.mark.parametrize(("at", "reasons"), [("90d-1ms", ["open_escalation"]), ("90d", [])])
def test_b30_a_ticket_untouched_for_ninety_days_is_forgotten(at: str, reasons: list[str]) -> None:
    """B30: a ticket untouched for 90 d (by now) is forgotten: it is no open escalation any more."""
    assert Story().ticket_escalated("t1").until(at).line()["contact"]["reasons"] == reasons


def test_b30_the_ninety_days_begin_anew_when_the_ticket_is_touched() -> None:
    """B30, 3: kept until 90 d after it was last touched, by now: a late event touches it when it arrives."""
    story = Story().ticket_escalated("t1").at("80d").page_view().at("1d").ticket_assigned("t1", assignee="ann")
    assert story.until("170d-1ms").line()["contact"]["reasons"] == ["open_escalation"]
    assert story.until("170d").line()["contact"]["allowed"] is True


def test_b30_a_later_event_is_one_of_an_unknown_ticket() -> None:
    """B30: a later event of it is one of an unknown ticket."""
    story = Story().ticket_created("t1", product="crm").at("91d").ticket_escalated("t1")
    assert story.evidence("ticket_escalated")["product"] is None


def test_b30_counters_stay() -> None:
    """B30: counters stay."""
    story = Story().ticket_created("t1").ticket_escalated("t1").ticket_solved("t1").ticket_reopened("t1").until("91d")
    tickets = story.line()["tickets"]
    assert [tickets[name] for name in ("created", "escalated", "solved", "reopened", "fcr_missed")] == [1, 1, 1, 1, 1]


def test_b21_feedback_is_due_when_the_ticket_is_solved_then_also_if_it_was_reopened_between() -> None:
    """B21: 7 d after each change to solved (if the ticket is then still solved).

    Decided: what counts is whether it is solved at that instant.
    """
    story = Story().ticket_created("t1").at("1d").ticket_solved("t1").at("2d").ticket_reopened("t1")
    story.at("3d").ticket_solved("t1").until("30d")
    assert story.fired("feedback_due") == ["8d"]
