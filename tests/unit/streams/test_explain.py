"""A customer's standing in words."""

from __future__ import annotations

import pytest

from streams.explain import explain, level_falls_at
from streams.wording import REASONS, count, evidence_words, phrase, when
from tests.story import Story
from tests.unit.streams.examples import POLICY, STORIES, told


def said(story: Story, title: str) -> str:
    """The lines of the section whose title begins so."""
    sections = explain(story.line(), story.policy, story.lane.now)
    return "\n".join(next(section for section in sections if section.title.startswith(title)).lines)


def test_every_customer_can_be_explained() -> None:
    for story in (Story().page_view(), told(Story(POLICY)), STORIES["fatigued"](Story())):
        for section in explain(story.line(), story.policy, story.lane.now):
            assert section.lines, section.title


def test_every_reason_of_the_allowance_has_words() -> None:
    story = Story().ticket_escalated().updated(marketing_consent=False).mail_unsubscribed().mail_complained()
    story.mail_bounced()
    for reason in story.line()["contact"]["reasons"]:
        assert REASONS[reason] in said(story, "Contact")


def test_the_points_of_each_action_are_told_with_their_half_life() -> None:
    story = Story({"score": {"half_lives": {"purchases.ordered": "3d"}}}).ordered().csat(5)
    assert "+20.00 purchases.ordered, halves every 3d" in said(story, "Score")
    assert "+10.00 surveys.csat, halves every 14d" in said(story, "Score")


@pytest.mark.parametrize("orders", [2, 4, 6])
def test_the_level_is_said_to_fall_when_it_does(orders: int) -> None:
    story = Story().repeat(orders, "ordered")
    falls = level_falls_at(story.line(), story.policy, story.lane.now)
    assert falls is not None
    level = story.line()["level"]
    assert story.until(falls - story.zero - 1).line()["level"] == level
    assert story.until(falls - story.zero).line()["level"] != level


def test_a_low_level_does_not_fall() -> None:
    story = Story().page_view()
    assert level_falls_at(story.line(), story.policy, story.lane.now) is None


@pytest.mark.parametrize(("number", "words"), [(0, "0 events"), (1, "1 event"), (1000, "1,000 events")])
def test_a_number_of_things(number: int, words: str) -> None:
    assert count(number, "event") == words


def test_evidence_without_its_facts_is_told_as_names_and_values() -> None:
    assert evidence_words("going_quiet", {"quiet_for": "14d"}) == "quiet for 14d"
    assert evidence_words("my_rule", {"rule": "my_rule", "since": "2026-03-02T00:00:00.000Z", "none": None}) == (
        "rule my_rule, since 2026-03-02 00:00"
    )


def test_long_evidence_is_cut() -> None:
    assert phrase({"urls": ["a", "b", "c", "d", "e", "f"]}) == "urls [a, b, c, d, and 2 more]"
    assert len(phrase({"text": "x" * 500})) < 80


def test_times_are_read_to_the_minute() -> None:
    assert (when("2026-03-02T09:30:15.250Z"), when(None)) == ("2026-03-02 09:30", "ever")
