"""Appendix B 19, 22, 24 and 36: the triggers of e-mail and campaigns."""

from __future__ import annotations

from typing import Any

import pytest

from tests.story import Story


def three(story: Story | None = None) -> Story:
    """Three commercial messages at once: the first week has no more room."""
    return (story or Story()).mail_sent("m1").mail_sent("m2").mail_sent("m3")


@pytest.mark.parametrize(("at", "fires"), [("7d-1ms", True), ("7d", False)])
def test_b19_over_contacted_is_judged_just_before_the_sent_is_applied(at: str, fires: bool) -> None:
    """B19: the allowance is judged just before the sent is applied, at its occurred_at."""
    story = three()
    assert story.fired("over_contacted") == []
    assert story.at(at).mail_sent("m4").subjects("over_contacted") == (["m4"] if fires else [])


def test_b19_a_late_sent_is_judged_at_its_own_time() -> None:
    """B19: ... at its occurred_at; and `at` of the firing is now (B4)."""
    story = three().at("8d").page_view().at("6d").mail_sent("m4")
    assert story.fired("over_contacted", "m4") == ["8d"]


def test_b19_a_late_sent_that_was_allowed_then_is_not_over_contacted() -> None:
    """B19: ... at its occurred_at: sends that came after it do not count."""
    story = Story().at("5d").mail_sent("m1").mail_sent("m2").mail_sent("m3").at("0d").mail_sent("m0")
    assert story.fired("over_contacted") == []


def test_b19_the_evidence_lists_the_reasons_except_fatigued() -> None:
    """B19: evidence lists the reasons except fatigued."""
    story = Story()
    for number in range(5):
        story.mail_sent(f"m{number}")
    story.until("2d").at("2d").mail_sent("m6")
    assert story.line()["contact"]["reasons"] == ["schedule", "fatigued"]
    assert story.evidence("over_contacted")["reasons"] == ["schedule"]


def test_b19_fatigued_alone_is_not_over_contacted() -> None:
    """6: a commercial sent that the contact allowance did not allow (any reason but fatigued)."""
    story = Story()
    for number in range(5):
        story.mail_sent(f"m{number}")
    before = len(story.at("8d").page_view().fired("over_contacted"))
    assert story.line()["contact"]["reasons"] == ["fatigued"]
    assert len(story.mail_sent("m6").fired("over_contacted")) == before


@pytest.mark.parametrize(
    ("kind", "fields", "reason"),
    [
        ("mail_unsubscribed", {}, "unsubscribed"),
        ("mail_complained", {}, "complained"),
        ("mail_bounced", {}, "hard_bounced"),
        ("updated", {"marketing_consent": False}, "no_consent"),
        ("ticket_escalated", {}, "open_escalation"),
    ],
)
def test_6_over_contacted_for_each_reason(kind: str, fields: dict[str, Any], reason: str) -> None:
    """6: over_contacted: any reason but fatigued; the subject is the message."""
    story = getattr(Story(), kind)(**fields).after("1h").mail_sent("m2")
    assert (story.evidence("over_contacted")["reasons"], story.subjects("over_contacted")) == ([reason], ["m2"])
    assert story.mail_sent("m3", transactional=True).subjects("over_contacted") == ["m2"]


@pytest.mark.parametrize(("sends", "due"), [(1, []), (2, []), (3, ["30d"])])
def test_b19_contact_due_when_the_schedule_denied_contact_just_after_the_last_sent(sends: int, due: list[str]) -> None:
    """B19: at the first instant at least 30 d after the last commercial sent, when the schedule denied after it."""
    story = Story()
    for number in range(sends):
        story.mail_sent(f"m{number}")
    assert story.until("30d-1ms").fired("contact_due") == []
    assert story.until("200d").fired("contact_due") == due


def test_b19_contact_due_waits_until_contact_is_allowed_for_every_reason() -> None:
    """B19: ... at which contact is allowed for every reason: here the rolling cap ends later than the 30 d."""
    story = three(Story({"contact": {"rolling": [{"max": 3, "span": "40d"}]}})).until("60d")
    assert story.fired("contact_due") == ["40d"]


@pytest.mark.parametrize(
    ("kind", "fields", "end", "fields_end"),
    [
        ("ticket_escalated", {}, "ticket_solved", {}),
        ("updated", {"marketing_consent": False}, "updated", {"marketing_consent": True}),
    ],
)
def test_b19_contact_due_comes_with_the_event_that_allows_contact(
    kind: str, fields: dict[str, Any], end: str, fields_end: dict[str, Any]
) -> None:
    """B19: the first instant at which contact is allowed for every reason: when an event ends the last reason.

    The cause is then that event (B28).
    """
    story = getattr(three(), kind)(**fields).until("45d")
    assert story.fired("contact_due") == []
    getattr(story, end)(**fields_end)
    assert story.until("99d").fired("contact_due") == ["45d"]
    assert [record.cause for record in story.triggers if record.trigger == "contact_due"] == ["e5"]


def test_b19_contact_due_when_an_escalation_is_forgotten() -> None:
    """B19, B30: an escalated ticket that is forgotten no longer denies contact."""
    assert three().ticket_escalated("t1").until("120d").fired("contact_due") == ["90d"]


def test_b19_contact_due_is_said_at_most_once_per_such_sent() -> None:
    """B19: at most once per such sent; and anew for another."""
    story = three().until("31d")
    story.updated(marketing_consent=False).updated(marketing_consent=True).until("35d")
    assert story.fired("contact_due") == ["30d"]
    assert story.mail_sent("m4").until("99d").fired("contact_due") == ["30d", "65d"]


@pytest.mark.parametrize("kind", ["form_submit", "checkout_started", "ordered"])
@pytest.mark.parametrize(("at", "fires"), [("0d", True), ("5d-1ms", True), ("5d", False)])
def test_b22_a_response_within_five_days_of_the_campaigns_last_message(kind: str, at: str, fires: bool) -> None:
    """B22: for every campaign whose last commercial sent is within 5 d before the response."""
    story = getattr(Story().mail_sent("m1", campaign_id="spring").at(at), kind)()
    assert story.subjects("campaign_response") == (["spring"] if fires else [])


@pytest.mark.parametrize("kind", ["page_view", "download", "add_to_cart", "renewed", "subscription_started", "csat"])
def test_6_no_other_event_is_a_response(kind: str) -> None:
    """6: response event (form_submit, checkout_started, ordered)."""
    assert getattr(Story().mail_sent("m1", campaign_id="spring"), kind)().fired("campaign_response") == []


def test_b22_one_firing_per_response_event_for_every_campaign() -> None:
    """B22: for every campaign ... one firing per response event."""
    story = Story().mail_sent("m1", campaign_id="a").mail_sent("m2", campaign_id="b").form_submit().form_submit()
    assert sorted(str(subject) for subject in story.subjects("campaign_response")) == ["a", "a", "b", "b"]


def test_b22_without_a_campaign_or_commercial_mail_there_is_none() -> None:
    """B22: for every campaign whose last commercial sent."""
    story = Story().mail_sent("m1").mail_sent("m2", campaign_id="a", transactional=True).form_submit(campaign_id="a")
    assert story.fired("campaign_response") == []


@pytest.mark.parametrize(
    ("clicked", "at", "campaign", "kind"),
    [
        (None, "0d", None, "influenced"),
        (None, "0d", "other", "influenced"),
        (None, "0d", "spring", "direct"),
        ("m1", "1d", None, "direct"),
        ("m1", "2d", None, "influenced"),
        ("m0", "1d", None, "influenced"),
    ],
)
def test_b22_direct_or_influenced(clicked: str | None, at: str, campaign: str | None, kind: str) -> None:
    """B22: direct when the event has that campaign_id or that last message has a click before the response.

    A click at the instant of the response did not occur before it.
    """
    story = Story().mail_sent("m0", campaign_id="spring").after("1h").mail_sent("m1", campaign_id="spring")
    if clicked is not None:
        story.at(at).mail_clicked(clicked)
    story.at("2d").form_submit(campaign_id=campaign)
    assert story.evidence("campaign_response")["response"] == kind


@pytest.mark.parametrize("kind", ["mail_unsubscribed", "mail_complained"])
def test_b24_unsubscribed_fires_at_the_first_unsubscribed_or_complained_and_not_again(kind: str) -> None:
    """B24: unsubscribed fires at the first unsubscribed or complained event of a customer and not again."""
    story = getattr(Story(), kind)("m1").after("1h").mail_unsubscribed("m2").mail_complained("m3")
    assert story.fired("unsubscribed") == ["0s"]
    assert story.by("bob").mail_unsubscribed().fired("unsubscribed", who="bob") == ["1h"]


def test_b24_reader_never_clicks_when_five_messages_were_opened_and_none_was_clicked() -> None:
    """B24: when the distinct commercial messages opened by a person become 5 while no message was ever clicked."""
    story = Story().repeat(9, "mail_opened", "m0").mail_opened("mx", machine_open=True)
    story.mail_opened("my", transactional=True)
    for number in range(1, 4):
        story.mail_opened(f"m{number}")
    assert story.fired("reader_never_clicks") == []
    story.after("1h").mail_opened("m4").mail_opened("m5")
    assert (story.fired("reader_never_clicks"), story.subjects("reader_never_clicks")) == (["1h"], [None])


def test_b24_a_click_before_the_fifth_open_prevents_it() -> None:
    """B24: while no message was ever clicked."""
    story = Story().mail_clicked("m0")
    for number in range(9):
        story.mail_opened(f"m{number}")
    assert story.fired("reader_never_clicks") == []


@pytest.mark.parametrize(("at", "fires"), [("0d", True), ("180d-1ms", True), ("180d", False)])
def test_6_duplicate_message_within_half_a_year(at: str, fires: bool) -> None:
    """6: sent of a content_id already sent to this customer within 180 d; the subject is the message."""
    story = (
        Story().mail_sent("m1", content_id="c").mail_sent("m0", content_id="d").at(at).mail_sent("m2", content_id="c")
    )
    assert story.subjects("duplicate_message") == (["m2"] if fires else [])


def test_6_no_content_is_no_duplicate() -> None:
    """6: sent of a content_id: messages without one are not the same."""
    assert Story().mail_sent("m1").mail_sent("m2").fired("duplicate_message") == []


def test_6_a_duplicate_is_of_one_customer() -> None:
    """6: already sent to this customer."""
    story = Story().mail_sent("m1", content_id="c").by("bob").mail_sent("m2", content_id="c")
    assert story.fired("duplicate_message") == []
