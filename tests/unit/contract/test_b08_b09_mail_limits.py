"""Appendix B 8, 9 and 34: the contact schedule, the rolling cap and fatigue."""

from __future__ import annotations

import pytest

from tests.story import Story, span

NO_CAP = {"contact": {"rolling": [{"max": 100, "span": "30d"}]}, "fatigue": {"messages": 100, "at_least": 100}}
WINDOWS = [
    ("0d", "7d", 3),
    ("7d", "14d", 1),
    ("14d", "21d", 1),
    ("21d", "28d", 1),
    ("28d", "58d", 1),
    ("58d", "88d", 1),
]


def mails(story: Story, *moments: str, first: int = 1) -> Story:
    """Messages m1, m2... sent at these instants."""
    for number, moment in enumerate(moments, first):
        story.at(moment).mail_sent(f"m{number}")
    return story


def five(*read: tuple[str, str]) -> Story:
    """Five messages, one an hour; ``read`` is what was done with which of them half an hour after the last."""
    story = mails(Story(), "0h", "1h", "2h", "3h", "4h").after("30m")
    for kind, message in read:
        getattr(story, kind)(message)
    return story


@pytest.mark.parametrize(("begin", "end", "room"), WINDOWS)
def test_b8_each_window_has_its_room(begin: str, end: str, room: int) -> None:
    """B8: [S, S+7d) with room for 3 including S itself, three of 7 d and then those of 30 d with room for 1."""
    story = Story(NO_CAP).mail_sent("s")
    if span(begin):
        for day in ("27d", "57d"):
            if span(day) < span(begin):
                story.at(day).mail_sent(day)
    story.at(begin)
    for number in range(room - (begin == "0d")):
        story.mail_sent(f"in {number}")
    assert story.subjects("over_contacted") == []
    story.at(end).after("-1ms").mail_sent("too many").at(end).mail_sent("next")
    assert story.subjects("over_contacted") == ["too many"]
    assert story.evidence("over_contacted")["reasons"] == ["schedule"]


@pytest.mark.parametrize(("number", "start"), [(0, 28), (1, 58), (2, 88), (5, 178)])
def test_b8_after_day_28_there_is_room_for_one_in_each_thirty_days(number: int, start: int) -> None:
    """B8: then [S+28d+30d*k, S+58d+30d*k) with room for 1 each."""
    story = mails(Story(NO_CAP), "0d", "27d", *(f"{28 + 30 * k + 29}d" for k in range(number)))
    assert story.subjects("over_contacted") == []
    story.at(f"{start}d").mail_sent("x")
    assert story.line()["contact"] == {
        "allowed": False,
        "reasons": ["schedule"],
        "next_allowed_at": story.at(f"{start + 30}d").when(),
    }


@pytest.mark.parametrize(
    ("first", "at", "fresh"), [("0d", "60d-1ms", False), ("0d", "60d", True), ("1ms", "60d", False)]
)
def test_b8_the_schedule_begins_with_the_first_send_that_has_no_other_in_the_sixty_days_before(
    first: str, at: str, fresh: bool
) -> None:
    """B8: let S be the first commercial sent with no other in the 60 d before.

    A send exactly 60 d before is not in the 60 d before (B1).
    """
    story = mails(Story(NO_CAP), "0d", first, at, at, at)
    assert (story.subjects("over_contacted") == []) is fresh


def test_b8_sixty_days_are_counted_from_the_last_send_and_not_from_the_first() -> None:
    """B8: 60 d after the last one the schedule is open again."""
    story = mails(Story(NO_CAP), "0d", "50d").at("60d").mail_sent("x").mail_sent("y")
    assert story.subjects("over_contacted") == ["y"]


def test_b8_every_commercial_send_takes_room_allowed_or_not() -> None:
    """B8: every commercial sent takes room, allowed or not."""
    story = Story().mail_unsubscribed("m0")
    reasons = []
    for number in range(4):
        story.after("1h").mail_sent(f"m{number + 1}")
        reasons.append(story.evidence("over_contacted")["reasons"])
    assert reasons == [["unsubscribed"]] * 3 + [["schedule", "unsubscribed"]]


def test_4_a_transactional_message_takes_no_room() -> None:
    """4: commercial mail only (transactional false)."""
    story = Story().repeat(20, "mail_sent", "m1", transactional=True)
    for number in range(20):
        story.mail_sent(f"t{number}", transactional=True)
    assert story.line()["contact"]["allowed"] is True
    assert story.fired("over_contacted") == []


def test_4_the_strictest_of_schedule_and_rolling_caps_wins() -> None:
    """4: strictest of the schedule and the rolling caps (default 10 per 30 d) wins."""
    story = Story({"contact": {"rolling": [{"max": 2, "span": "30d"}]}}).mail_sent("a").at("1d").mail_sent("b")
    contact = story.line()["contact"]
    assert (contact["reasons"], contact["next_allowed_at"]) == (["rolling_cap"], story.at("30d").when())
    assert story.until("30d-1ms").line()["contact"]["reasons"] == ["rolling_cap"]
    assert story.until("30d").line()["contact"]["allowed"] is True


def test_4_ten_messages_in_thirty_days_are_the_default_cap() -> None:
    """4: the rolling caps (default 10 per 30 d)."""
    nine = mails(Story(), *(f"{number}h" for number in range(9)))
    assert nine.line()["contact"]["reasons"] == ["schedule"]
    assert nine.mail_sent("m10").line()["contact"]["reasons"] == ["schedule", "rolling_cap"]


def test_b9_fatigued_is_judged_when_a_message_becomes_a_day_old() -> None:
    """B9: fatigued is judged each time a commercial message becomes 24 h old; due at that instant (B1)."""
    story = five().until("28h-1ms")
    assert (story.fired("fatigued"), story.line()["contact"]["reasons"]) == ([], ["schedule"])
    assert story.until("28h").fired("fatigued") == ["1d+4h"]
    assert story.line()["contact"]["reasons"] == ["schedule", "fatigued"]


def test_b9_four_messages_are_too_few() -> None:
    """B9: there are at least 5."""
    assert mails(Story(), "0h", "1h", "2h", "3h").until("9d").fired("fatigued") == []


@pytest.mark.parametrize(
    ("read", "fires"),
    [
        ([], True),
        ([("mail_opened", "m1")], True),
        ([("mail_opened", "m1"), ("mail_opened", "m2")], False),
        ([("mail_opened", "m1"), ("mail_clicked", "m2")], False),
        ([("mail_opened", "m1"), ("mail_delivered", "m2")], True),
    ],
)
def test_b9_at_least_eighty_percent_have_neither_an_open_nor_a_click(read: list[tuple[str, str]], fires: bool) -> None:
    """B9: at least 80 % have neither a person's open nor a click."""
    assert bool(five(*read).until("9d").fired("fatigued")) is fires


def test_b9_a_machines_open_is_no_persons() -> None:
    """B9: a person's open."""
    story = five()
    for number in range(1, 6):
        story.mail_opened(f"m{number}", machine_open=True)
    assert story.until("9d").fired("fatigued") == ["1d+4h"]


def test_b9_only_the_last_ten_messages_count() -> None:
    """B9: of the last 10 commercial messages at least 24 h old."""
    story = mails(Story(), *(f"{number}h" for number in range(3)))
    for number in (1, 2, 3):
        story.mail_opened(f"m{number}")
    mails(story, *(f"{number}h" for number in range(3, 12)), first=4)
    assert story.until("34h-1ms").fired("fatigued") == []
    assert story.until("40h").fired("fatigued") == ["1d+10h"]
    assert story.evidence("fatigued") == {"last_messages": 10, "unopened": 8}


def test_b9_a_message_not_yet_a_day_old_is_not_among_the_last_ten() -> None:
    """B9: of the last 10 commercial messages at least 24 h old: what was sent since does not count yet."""
    story = five(("mail_opened", "m1"), ("mail_opened", "m2")).at("28h-1ms").mail_sent("fresh").until("28h")
    assert story.fired("fatigued") == []
    assert story.until("52h").fired("fatigued") == []


@pytest.mark.parametrize("kind", ["mail_opened", "mail_clicked"])
def test_b9_it_ends_at_the_next_open_or_click_of_any_commercial_message(kind: str) -> None:
    """B9: it ends at the next person's open or click of any commercial message."""
    story = getattr(five().until("2d"), kind)("another")
    assert story.line()["contact"]["reasons"] == ["schedule"]


@pytest.mark.parametrize(("kind", "fields"), [("opened", {"machine_open": True}), ("opened", {"transactional": True})])
def test_b9_a_machine_or_a_transactional_message_does_not_end_it(kind: str, fields: dict[str, bool]) -> None:
    """B9: a person's open or click of any commercial message."""
    story = five().until("2d").mail_opened("another", **fields)
    assert story.line()["contact"]["reasons"] == ["schedule", "fatigued"]


def test_b9_it_can_start_again_only_when_a_further_message_becomes_a_day_old() -> None:
    """B9: ... and can start again only when a further message becomes 24 h old."""
    story = five().until("2d").mail_opened("m5").until("9d")
    assert (story.fired("fatigued"), story.line()["contact"]["reasons"]) == (["1d+4h"], [])
    story.at("9d").mail_sent("m6").until("20d")
    assert story.fired("fatigued") == ["1d+4h", "10d"]


def test_b9_it_does_not_fire_again_while_it_stays_so() -> None:
    """6: a rule fires on the crossing, never again while it stays so."""
    assert mails(five(), "5h", "6h", "7h", first=6).until("9d").fired("fatigued") == ["1d+4h"]


def test_b34_next_allowed_at_does_not_foresee_a_fatigue_that_may_begin_meanwhile() -> None:
    """B34: next_allowed_at does not foresee a fatigue that may begin meanwhile."""
    story = five()
    assert story.line()["contact"]["next_allowed_at"] == story.at("7d").when()
    assert story.until("7d").line()["contact"]["reasons"] == ["fatigued"]
