"""Stories that fire each built-in trigger, and one in which everything happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.story import KINDS, Story

GERMANS = {"segments": {"german": {"attribute": "country", "equals": "DE"}}}
Told = Callable[[Story], Story]


def mails(story: Story, count: int, **fields: Any) -> Story:
    """So many commercial messages, an hour apart."""
    for number in range(count):
        story.after("1h").mail_sent(f"m{number}", **fields)
    return story


def opened(story: Story) -> Story:
    """Five messages opened."""
    for number in range(5):
        story.mail_opened(f"m{number}")
    return story


STORIES: dict[str, Told] = {
    "interest_surge": lambda s: s.repeat(2, "ordered"),
    "going_quiet": lambda s: s.repeat(2, "ordered").until("14d"),
    "product_interest": lambda s: s.repeat(3, "product_view"),
    "cart_abandoned": lambda s: s.add_to_cart().until("1h"),
    "reader_never_clicks": opened,
    "over_contacted": lambda s: mails(s, 4),
    "fatigued": lambda s: mails(s, 5).until("2d"),
    "duplicate_message": lambda s: mails(s, 2, content_id="c"),
    "contact_due": lambda s: mails(s, 3).until("40d"),
    "unsubscribed": lambda s: s.mail_complained(),
    "information_gap": lambda s: s.page_view("/help").ticket_created(channel="chat"),
    "ticket_escalated": lambda s: s.ticket_escalated(),
    "ticket_reopened": lambda s: s.ticket_reopened(),
    "repeat_contact": lambda s: s.ticket_created("t1").ticket_created("t2"),
    "first_reply_overdue": lambda s: s.ticket_created().until("8h"),
    "resolution_overdue": lambda s: s.ticket_created().until("72h"),
    "first_contact_resolved": lambda s: s.ticket_created().ticket_solved().until("7d"),
    "first_contact_missed": lambda s: s.ticket_created().ticket_escalated().ticket_solved(),
    "low_satisfaction": lambda s: s.csat(1, comment="never again"),
    "detractor": lambda s: s.nps(0),
    "promoter": lambda s: s.nps(10),
    "spend_threshold": lambda s: s.ordered("1000"),
    "value_tier_changed": lambda s: s.ordered("500"),
    "purchase_overdue": lambda s: s.repeat(3, "ordered", every="1d").until("9d"),
    "thank_you_due": lambda s: s.ordered().until("1d"),
    "feedback_due": lambda s: s.ordered().until("7d"),
    "campaign_response": lambda s: s.mail_sent(campaign_id="spring").form_submit(),
    "stage_changed": lambda s: s.form_submit(),
    "role_changed": lambda s: s.updated(job_title="CEO"),
    "segment_entered": lambda s: s.updated(country="DE"),
    "segment_left": lambda s: s.updated(country="DE").updated(country="FR"),
}
SUBJECTS = {
    "product_interest": "p1", "over_contacted": "m3", "duplicate_message": "m1", "information_gap": "t1",
    "ticket_escalated": "t1", "ticket_reopened": "t1", "repeat_contact": None, "first_reply_overdue": "t1",
    "resolution_overdue": "t1", "first_contact_resolved": "t1", "first_contact_missed": "t1",
    "campaign_response": "spring", "segment_entered": "german", "segment_left": "german",
}  # fmt: skip
"""What a trigger is about; those that are not here have no subject."""
AGAIN: dict[str, Told] = {
    "product_interest": lambda s: s.after("9d").repeat(3, "product_view"),
    "interest_surge": lambda s: s.after("40d").repeat(4, "ordered"),
    "going_quiet": lambda s: s.repeat(4, "ordered").until("40d"),
    "cart_abandoned": lambda s: s.add_to_cart().after("2h").page_view(),
    "fatigued": lambda s: s.mail_opened("m4").after("1d").repeat(1, "mail_sent", "m9").until("20d"),
    "over_contacted": lambda s: s.mail_sent("m4"),
    "contact_due": lambda s: s.mail_sent("m9").until("99d"),
    "ticket_escalated": lambda s: s.ticket_escalated(),
    "ticket_reopened": lambda s: s.ticket_reopened(),
    "repeat_contact": lambda s: s.after("10d").ticket_created("t3").ticket_created("t4"),
    "low_satisfaction": lambda s: s.csat(1),
    "detractor": lambda s: s.nps(0),
    "promoter": lambda s: s.nps(10),
    "spend_threshold": lambda s: s.ordered("1000"),
    "purchase_overdue": lambda s: s.ordered().until("99d"),
    "thank_you_due": lambda s: s.repeat(4, "ordered"),
    "feedback_due": lambda s: s.ordered().until("20d"),
    "campaign_response": lambda s: s.form_submit(),
}
"""What makes a trigger fire a second time where it has no cooldown; over_contacted is another message each time."""

RULES = [
    {"name": "spent", "when": {"sum": {"topic": "purchases", "field": "amount"}, "at_least": 5, "within": "9d"}},
    {"name": "absent", "when": {"absence": {"topic": "email"}, "for": "1d", "since": {"topic": "purchases"}}},
]
POLICY = {**GERMANS, "rules": RULES, "customer_definitions": {"rich": {"revenue": 5, "within": "90d"}}}


def told(story: Story) -> Story:
    """Everything that can happen to a customer, some of it late."""
    for day, kind in enumerate(KINDS):
        if kind != "erased":
            getattr(story.at(f"{day // 3}d"), kind)()
    story.updated(country="DE", size=3, ratio=0.5, marketing_consent=True)
    for tell in STORIES.values():
        tell(story.at(story.lane.now - story.zero))
    story.at("10d").page_view().csat().ticket_created("late")
    return story.until("400d")
