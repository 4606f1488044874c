"""E-mail rules of the reference, worked out by hand."""

from __future__ import annotations

from tests.oracle.story import Story, moment


def sent(*times: str | int) -> Story:
    """Messages m0, m1 and so on sent at these times."""
    story = Story()
    for number, at in enumerate(times):
        story.mail("sent", at, f"m{number}")
    return story


def test_three_in_the_first_week_are_allowed() -> None:
    assert sent(0, 1, "1d").play().fired("over_contacted") == []
    assert sent(0, 1, "1d", "2d").play().fired("over_contacted") == ["2:0 m3"]


def test_the_second_week_has_room_for_one() -> None:
    assert sent(0, 0, 0, "7d").play().fired("over_contacted") == []
    assert sent(0, 0, 0, "7d", "13d").play().fired("over_contacted") == ["13:0 m4"]


def test_after_twenty_eight_days_there_is_room_for_one_in_thirty() -> None:
    assert sent(0, "28d", "57d").play().fired("over_contacted") == ["57:0 m2"]
    assert sent(0, "28d", "58d").play().fired("over_contacted") == []


def test_the_schedule_is_open_again_sixty_days_after_the_last() -> None:
    assert sent(0, "60d", "60d", "60d").play().fired("over_contacted") == []
    assert sent(0, "59d", "60d").play().fired("over_contacted") == ["60:0 m2"]


def test_next_allowed_is_the_next_window() -> None:
    contact = sent(0, 1, 2).play(until="1d").customer()["contact"]
    assert contact == {"allowed": False, "reasons": ["schedule"], "next_allowed_at": "2026-03-09T00:00:00.000Z"}


def test_next_allowed_waits_for_the_rolling_cap_too() -> None:
    policy = {"contact": {"rolling": [{"max": 2, "span": "10d"}]}}
    contact = sent(0, "1d", "2d").play(policy).customer()["contact"]
    assert contact["reasons"] == ["schedule", "rolling_cap"]
    assert contact["next_allowed_at"] == "2026-03-13T00:00:00.000Z"


def test_a_lasting_reason_has_no_next_time() -> None:
    contact = sent(0, 0, 0).mail("unsubscribed", 1, "m0").play().customer()["contact"]
    assert contact == {"allowed": False, "reasons": ["schedule", "unsubscribed"], "next_allowed_at": None}


def test_a_soft_bounce_is_no_reason() -> None:
    story = Story().mail("bounced", 0, "m", bounce_kind="soft")
    assert story.play().customer()["contact"]["allowed"] is True
    assert story.mail("bounced", 0, "m").play().customer()["contact"]["reasons"] == ["hard_bounced"]


def test_consent_follows_the_latest_time_not_the_latest_arrival() -> None:
    story = Story().tell("profiles", "updated", "2d", attributes={"marketing_consent": True})
    story.tell("profiles", "updated", "1d", attributes={"marketing_consent": False})
    assert story.play().customer()["contact"]["allowed"] is True


def test_transactional_mail_takes_no_room() -> None:
    story = sent(0, 0, 0).mail("sent", 1, "t", transactional=True)
    assert story.play().fired("over_contacted") == []
    assert story.play().customer()["email"]["sent"] == 3


def test_fatigue_begins_when_the_fifth_unopened_message_is_a_day_old() -> None:
    story = sent(0, "1d", "2d", "3d", "4d")
    assert story.play(until="5d").fired("fatigued") == ["5:0"]
    assert story.play(until="4d+23h").fired("fatigued") == []


def test_one_open_of_five_is_eighty_percent_unopened() -> None:
    story = sent(0, "1d", "2d", "3d", "4d").mail("opened", "4d", "m0")
    assert story.play(until="5d").fired("fatigued") == ["5:0"]
    assert story.mail("opened", "4d", "m1").play(until="5d").fired("fatigued") == []


def test_fatigue_ends_with_an_open_and_waits_for_a_further_message() -> None:
    story = sent(0, 0, 0, 0, 0).mail("opened", "2d", "m0")
    assert story.play(until="10d").fired("fatigued") == ["1:0"]
    assert "fatigued" not in story.play().customer()["contact"]["reasons"]
    assert story.mail("sent", "3d", "n").play(until="10d").fired("fatigued") == ["1:0", "4:0"]


def test_a_machine_open_does_not_end_fatigue() -> None:
    story = sent(0, 0, 0, 0, 0).mail("opened", "2d", "m0", machine_open=True)
    assert "fatigued" in story.play().customer()["contact"]["reasons"]


def test_contact_is_due_when_the_schedule_opens_after_thirty_days() -> None:
    assert sent(0, 0, 0).play(until="40d").fired("contact_due") == ["30:0"]
    assert sent(0).play(until="40d").fired("contact_due") == []


def test_contact_due_waits_for_every_reason() -> None:
    story = sent(0, 0, 0).tell("profiles", "updated", 1, attributes={"marketing_consent": False})
    story.tell("profiles", "updated", "35d", attributes={"marketing_consent": True})
    assert story.play(until="70d").fired("contact_due") == ["35:0"]


def test_the_same_creative_twice_within_half_a_year() -> None:
    story = Story().mail("sent", 0, "a", content_id="x").mail("sent", "180d", "b", content_id="x")
    assert story.play().fired("duplicate_message") == []
    assert story.mail("sent", "181d", "c", content_id="x").play().fired("duplicate_message") == ["181:0 c"]


def test_the_fifth_opened_message_without_a_click() -> None:
    story = Story()
    for number in (1, 2, 2, 3, 4, 5, 6):
        story.mail("opened", number, f"m{number}")
    assert story.play().fired("reader_never_clicks") == ["0:5"]
    first = Story().mail("clicked", 0, "z")
    first.streams["email"] += story.streams["email"]
    assert first.play().fired("reader_never_clicks") == []


def test_a_response_is_direct_after_a_click_before_it() -> None:
    story = Story().mail("sent", 0, "m", campaign_id="k").mail("clicked", "1d", "m").click("form_submit", "2d")
    assert [t["evidence"] for t in story.play().result.triggers if t["trigger"] == "campaign_response"] == [
        {"response": "direct"}
    ]


def test_a_response_five_days_after_the_message_is_none() -> None:
    story = Story().mail("sent", 0, "m", campaign_id="k").click("form_submit", "5d", form_id="f")
    assert story.play().fired("campaign_response") == []
    story = Story().mail("sent", 0, "m", campaign_id="k").click("form_submit", "119h", form_id="f")
    assert [t["evidence"] for t in story.play().result.triggers if t["trigger"] == "campaign_response"] == [
        {"response": "influenced"}
    ]


def test_next_allowed_of_an_open_escalation_is_when_the_ticket_is_forgotten() -> None:
    contact = Story().ticket("escalated", 0).play().customer()["contact"]
    assert contact["next_allowed_at"] == "2026-05-31T00:00:00.000Z"
    assert moment("90d") == moment(90 * 86_400_000)
