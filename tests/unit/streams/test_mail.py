"""Messages, their counters, the episodes of the contact schedule and the allowance."""

from __future__ import annotations

import pytest

from schemas.policy import load, merge
from schemas.times import DAY
from streams import contact
from streams.mail import episode_start, last_of_campaigns, recent_commercial
from streams.state import Mail
from tests.story import Story

GAP = 60 * DAY
POLICY = load(None)


@pytest.mark.parametrize(
    ("sends", "at", "start"),
    [
        ([], 0, None),
        ([0], 0, 0),
        ([0, 10 * DAY], 20 * DAY, 0),
        ([0, GAP - 1], GAP, 0),
        ([0, GAP], GAP, GAP),
        ([0, GAP], GAP - 1, 0),
        ([0, 30 * DAY, 90 * DAY], 91 * DAY, 90 * DAY),
        ([5], 4, None),
    ],
)
def test_an_episode_starts_with_the_send_that_has_no_other_in_the_gap_before(
    sends: list[int], at: int, start: int | None
) -> None:
    assert episode_start(sends, at, GAP, None) == start


def test_an_episode_that_ran_before_the_sends_still_known_goes_on() -> None:
    assert episode_start([50 * DAY], 51 * DAY, GAP, 3 * DAY) == 3 * DAY


@pytest.mark.parametrize(
    ("at", "window"),
    [
        (0, (0, 7, 3)), (7 * DAY - 1, (0, 7, 3)), (7 * DAY, (7, 14, 1)), (20 * DAY, (14, 21, 1)),
        (28 * DAY - 1, (21, 28, 1)), (28 * DAY, (28, 58, 1)), (58 * DAY, (58, 88, 1)), (1000 * DAY, (988, 1018, 1)),
    ],
)  # fmt: skip
def test_the_window_that_holds_an_instant(at: int, window: tuple[int, int, int]) -> None:
    begin, end, room = window
    assert contact.window(0, at, POLICY) == (begin * DAY, end * DAY, room)


def test_weeks_are_cut_where_the_weekly_part_ends() -> None:
    policy = merge({"contact": {"weekly_until": "10d"}})
    assert contact.window(0, 9 * DAY, policy) == (7 * DAY, 10 * DAY, 1)
    assert contact.window(0, 10 * DAY, policy) == (10 * DAY, 40 * DAY, 1)


def test_no_mail_denies_nothing() -> None:
    assert contact.schedule_denies_until(Mail(), 0, POLICY) is None
    assert contact.cap_denies_until(Mail(), 0, POLICY) is None


@pytest.mark.parametrize(("at", "until"), [(2, 30 * DAY + 1), (30 * DAY, 30 * DAY + 1), (30 * DAY + 1, None)])
def test_a_rolling_cap_frees_when_enough_of_the_sends_are_old(at: int, until: int | None) -> None:
    mail = Mail(sends=(0, *(1 for _ in range(10))))
    assert contact.cap_denies_until(mail, at, POLICY) == until


def test_old_sends_are_let_go_and_the_schedule_stays_what_it_was() -> None:
    long, fresh = Story(), Story()
    for number in range(60):
        long.at(f"{20 * number}d").mail_sent(f"m{number}").mail_opened(f"m{number}")
    assert len(long.state().mail.sends) < 10
    start = (20 * 59 - 28) // 30 * 30 + 28
    assert long.line()["contact"]["next_allowed_at"] == fresh.at(f"{start + 30}d").when()


def test_messages_are_forgotten_after_a_long_silence_and_their_counts_stay() -> None:
    story = Story()
    for number in range(80):
        story.at(f"{20 * number}d").mail_sent(f"m{number}", transactional=False).mail_opened(f"m{number}")
    assert len(story.state().mail.messages) <= 65
    assert story.line()["email"]["opened"] == 80


def test_the_recent_messages_are_the_newest_first_by_time_of_sending() -> None:
    story = Story().at("2d").mail_sent("b").at("1d").mail_sent("a").at("3d").mail_sent("c")
    found = recent_commercial(story.state().mail, story.cursor, 2)
    assert [message.sent_at for message in found] == [story.zero + 3 * DAY, story.zero + 2 * DAY]


def test_the_last_message_of_a_campaign_is_the_latest_sent_before_the_response() -> None:
    story = Story().mail_sent("a", campaign_id="x", content_id="1").at("1d").mail_sent("b", campaign_id="x")
    found = last_of_campaigns(story.state().mail, story.zero + DAY - 1, 5 * DAY)
    assert [message.content for message in found.values()] == ["1"]


@pytest.mark.parametrize("order", [("sent", "opened", "clicked"), ("clicked", "opened", "sent")])
def test_counters_follow_when_a_message_turns_out_to_be_transactional(order: tuple[str, ...]) -> None:
    story = Story()
    for kind in order:
        getattr(story, f"mail_{kind}")("m1", transactional=True if kind == "sent" else None)
    assert set(story.line()["email"].values()) == {0}
