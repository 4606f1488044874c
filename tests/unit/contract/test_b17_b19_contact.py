"""Appendix B 17-19 and 36: message counts, the contact allowance, and when it was not kept."""

from __future__ import annotations

from typing import Any

import pytest

from tests.story import Story

ORDER = [
    "schedule", "rolling_cap", "unsubscribed", "complained", "hard_bounced", "no_consent",
    "fatigued", "open_escalation",
]  # fmt: skip


def three(story: Story | None = None) -> Story:
    """Three commercial messages at once: the first week has no more room."""
    story = story or Story()
    return story.mail_sent("m1").mail_sent("m2").mail_sent("m3")


@pytest.mark.parametrize("kind", ["sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed"])
def test_b17_email_counts_are_distinct_messages_with_at_least_one_such_event(kind: str) -> None:
    """B17: email.* are distinct commercial message_ids with at least one such event."""
    story = Story().repeat(2, f"mail_{kind}", "m1").repeat(1, f"mail_{kind}", "m2")
    assert {name: count for name, count in story.line()["email"].items() if count} == {kind: 2}


def test_b17_opened_is_by_a_person() -> None:
    """B17: (`opened` by a person)."""
    story = Story().mail_opened("m1", machine_open=True).mail_opened("m2", machine_open=True).mail_opened("m2")
    assert story.line()["email"]["opened"] == 1


def test_b17_before_its_sent_is_seen_the_event_itself_says_whether_it_is_transactional() -> None:
    """B17: commercial unless its sent (or, before that is seen, the event itself) says transactional."""
    story = Story().mail_opened("m1", transactional=True).mail_opened("m2")
    assert story.line()["email"]["opened"] == 1


@pytest.mark.parametrize(
    ("sent", "said", "opened"), [(True, False, 0), (False, True, 1), (False, False, 1), (True, True, 0)]
)
@pytest.mark.parametrize("sent_first", [True, False])
def test_b17_once_its_sent_is_seen_that_decides(sent: bool, said: bool, opened: int, sent_first: bool) -> None:
    """B17: a message is commercial unless its sent says transactional, whichever comes first."""
    story = Story().mail_sent("m1", transactional=sent) if sent_first else Story()
    story.mail_opened("m1", transactional=said)
    if not sent_first:
        story.mail_sent("m1", transactional=sent)
    assert story.line()["email"]["opened"] == opened


@pytest.mark.parametrize(
    ("kinds", "counts"),
    [
        (["created"], (1, 0, 0, 0)),
        (["created", "solved", "closed"], (1, 1, 0, 0)),
        (["created", "closed", "reopened", "solved"], (1, 2, 0, 1)),
        (["created", "escalated", "escalated", "reopened", "reopened"], (1, 0, 2, 2)),
    ],
)
def test_b17_ticket_counts(kinds: list[str], counts: tuple[int, ...]) -> None:
    """B17: created is tickets created, solved changes to solved, escalated and reopened events."""
    story = Story()
    for kind in kinds:
        getattr(story.after("1m"), f"ticket_{kind}")("t1")
    tickets = story.line()["tickets"]
    assert tuple(tickets[name] for name in ("created", "solved", "escalated", "reopened")) == counts


def test_b17_fcr_counts_are_tickets() -> None:
    """B17: fcr_* are tickets: solving it again is no further outcome."""
    story = Story({"triggers": {"feedback_due": {"enabled": False}}}).ticket_created("t1").at("1h").ticket_solved("t1")
    assert story.line()["tickets"]["fcr_pending"] == 1
    story.at("1d").ticket_reopened("t1").at("2d").ticket_solved("t1").until("30d")
    tickets = story.line()["tickets"]
    assert [tickets[f"fcr_{name}"] for name in ("confirmed", "missed", "pending")] == [0, 1, 0]


def test_b18_reasons_lists_all_that_hold_in_the_order_of_section_4() -> None:
    """B18: contact.reasons lists all that hold, in the order of section 4."""
    story = Story().ticket_escalated("t1").updated(marketing_consent=False)
    for number in range(10):
        story.mail_sent(f"m{number}")
    story.until("1d").mail_bounced("m0").mail_complained("m0").mail_unsubscribed("m0")
    assert story.line()["contact"] == {"allowed": False, "reasons": ORDER, "next_allowed_at": None}


def test_b18_next_allowed_at_is_null_when_allowed() -> None:
    """B18: next_allowed_at is null when allowed."""
    line = Story().page_view().line()
    assert line["contact"] == {"allowed": True, "reasons": [], "next_allowed_at": None}


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("mail_unsubscribed", {}),
        ("mail_complained", {}),
        ("mail_bounced", {}),
        ("updated", {"marketing_consent": False}),
    ],
)
def test_b18_next_allowed_at_is_null_when_a_reason_has_no_end_by_time(kind: str, fields: dict[str, Any]) -> None:
    """B18: ... or when a reason has no end by time, also beside one that has."""
    story = getattr(three(), kind)(**fields)
    assert (len(story.line()["contact"]["reasons"]), story.line()["contact"]["next_allowed_at"]) == (2, None)


def test_b18_next_allowed_at_is_the_first_instant_at_which_none_holds() -> None:
    """B18: else the first instant at which none holds if nothing more happens."""
    story = three().at("1d")
    assert story.page_view().line()["contact"]["next_allowed_at"] == story.at("7d").when()
    assert story.until("7d-1ms").line()["contact"]["allowed"] is False
    assert story.until("7d").line()["contact"]["allowed"] is True


def test_b18_an_open_escalation_ends_by_time_when_the_ticket_is_forgotten() -> None:
    """B18, B30: an escalated ticket is forgotten 90 d after it was touched, so that reason has an end by time."""
    story = Story().ticket_escalated("t1")
    assert story.line()["contact"]["next_allowed_at"] == story.at("90d").when()


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("mail_unsubscribed", "unsubscribed"), ("mail_complained", "complained"), ("mail_bounced", "hard_bounced")],
)
def test_b18_these_come_from_any_mail_and_last_until_erasure(kind: str, reason: str) -> None:
    """B18: unsubscribed, complained and hard_bounced come from any mail and last until erasure."""
    story = getattr(Story(), kind)("m1", transactional=True).at("900d").page_view()
    assert story.line()["contact"]["reasons"] == [reason]
    story.erased().after("1ms").page_view()
    assert story.line()["contact"]["allowed"] is True


@pytest.mark.parametrize(
    ("said", "reasons"),
    [
        ([("0d", False)], ["no_consent"]),
        ([("0d", False), ("1d", True)], []),
        ([("1d", True), ("0d", False)], []),
        ([("0d", True), ("1d", False)], ["no_consent"]),
        ([("0d", None)], []),
    ],
)
def test_b18_no_consent_follows_the_latest_marketing_consent(
    said: list[tuple[str, bool | None]], reasons: list[str]
) -> None:
    """B18: no_consent follows the latest marketing_consent; latest by occurred_at."""
    story = Story()
    for at, consent in said:
        story.at(at).updated(marketing_consent=consent)
    assert story.line()["contact"]["reasons"] == reasons


@pytest.mark.parametrize(("kind", "reasons"), [("hard", ["hard_bounced"]), (None, ["hard_bounced"]), ("soft", [])])
def test_b18_only_a_hard_bounce_counts(kind: str | None, reasons: list[str]) -> None:
    """B18: only a bounced with bounce_kind hard sets hard_bounced; hard is the default (1)."""
    assert Story().mail_bounced("m1", bounce_kind=kind).line()["contact"]["reasons"] == reasons


@pytest.mark.parametrize(("kind", "reasons"), [("ticket_solved", []), ("ticket_closed", []), ("ticket_reopened", None)])
def test_4_an_escalated_ticket_not_yet_solved_denies_contact(kind: str, reasons: list[str] | None) -> None:
    """4: open_escalation (an escalated ticket not yet solved)."""
    story = Story().ticket_created("t1").ticket_escalated("t1")
    assert story.line()["contact"]["reasons"] == ["open_escalation"]
    getattr(story, kind)("t1")
    assert story.line()["contact"]["reasons"] == (["open_escalation"] if reasons is None else reasons)


def test_b36_only_the_first_sent_of_a_message_takes_room_and_is_judged() -> None:
    """B36: only the first sent of a message_id takes room, is judged by over_contacted and by duplicate_message."""
    story = Story().repeat(8, "mail_sent", "m1", every="1h", content_id="c1")
    assert story.triggers == []
    assert story.mail_sent("m2").mail_sent("m3").line()["contact"]["reasons"] == ["schedule"]
    story.mail_sent("m2", content_id="c1")
    assert story.triggers == []


def test_b36_for_reader_never_clicks_a_click_in_any_message_is_a_click() -> None:
    """B36: for reader_never_clicks a click in any message, commercial or not, is a click."""
    story = Story().mail_clicked("t1", transactional=True)
    for number in range(6):
        story.mail_opened(f"m{number}")
    assert story.fired("reader_never_clicks") == []
