"""Words for what the engine says: reasons of the contact allowance, and trigger firings with their evidence."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

REASONS = {
    "schedule": "the contact schedule has no room now",
    "rolling_cap": "the cap on messages over the last days is reached",
    "unsubscribed": "unsubscribed; lasts until the customer is erased",
    "complained": "reported a message as spam; lasts until the customer is erased",
    "hard_bounced": "the address does not exist; lasts until the customer is erased",
    "no_consent": "the profile says marketing_consent false",
    "fatigued": "the last messages were neither opened nor clicked; over with the next open or click",
    "open_escalation": "an escalated ticket is not solved yet",
}
"""Why a customer must not be written to now (CONTRACT 4)."""

_LONG = 4
_WIDE = 60
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?Z")
_WHY_MISSED = {
    "new_ticket": "a new ticket about the same product",
    "reopened": "it was reopened",
    "several_assignees": "several assignees",
    "several_replies": "several replies",
    "customer_replied_again": "the customer had to reply again",
    "escalated": "it was escalated",
}
Evidence = Mapping[str, Any]

SENTENCES: dict[str, Callable[[Evidence], str]] = {
    "interest_surge": lambda e: f"score {e['score']}, was {e['score_then']} a week before",
    "going_quiet": lambda e: f"nothing for {e['quiet_for']} since {when(e['last_activity'])}, was {e['level_then']}",
    "product_interest": lambda e: (
        f"{len(e['views'])} views of {e['product_id']} since {when(e['views'][0])}, not bought"
    ),
    "cart_abandoned": lambda e: f"{e['product_id'] or 'a cart'} left for {e['waited']} with no order",
    "reader_never_clicks": lambda e: f"{e['opened']} messages opened, none clicked",
    "over_contacted": lambda e: f"a message was sent though not allowed: {', '.join(e['reasons'])}",
    "fatigued": lambda e: f"{e['unopened']} of the last {e['last_messages']} messages not opened",
    "duplicate_message": lambda e: f"{e['content_id']} was already sent on {when(e['sent_before'])}",
    "contact_due": lambda e: f"may be written to again, last message {when(e['last_message'])}",
    "unsubscribed": lambda e: (
        "reported a message as spam" if e["by"] == "complained" else "does not want mail any more"
    ),
    "information_gap": lambda e: f"asked by {e['channel']} right after reading {e['pages'][0]['url']}",
    "ticket_escalated": lambda e: f"escalation {e['escalations']} of a {e['priority']} ticket, {_opened(e)}",
    "ticket_reopened": lambda e: f"reopened {_times(e['reopenings'])}, {_opened(e)}",
    "repeat_contact": lambda e: f"{len(e['tickets'])} tickets about {e['product'] or 'no product'} within a week",
    "first_reply_overdue": lambda e: f"no reply within {e['target']}, {_opened(e)}",
    "resolution_overdue": lambda e: f"not solved within {e['target']} of waiting, {_opened(e)}",
    "first_contact_resolved": lambda e: f"solved on first contact on {when(e['solved_at'])}, {_opened(e)}",
    "first_contact_missed": lambda e: f"{_WHY_MISSED.get(e['because'], e['because'])}, {_opened(e)}",
    "low_satisfaction": lambda e: f"rated {e['score']}{_said(e)}",
    "detractor": lambda e: f"would not recommend: {e['score']} of 10{_said(e)}",
    "promoter": lambda e: f"would recommend: {e['score']} of 10{_said(e)}",
    "spend_threshold": lambda e: f"revenue {e['revenue']} {e['currency']} passed {e['threshold']}",
    "value_tier_changed": lambda e: f"{e['from']} -> {e['to']} with revenue {e['revenue']} {e['currency']}",
    "purchase_overdue": lambda e: f"none since {when(e['last_purchase'])}, usual gap {e['mean_gap_days']:g} days",
    "thank_you_due": lambda e: f"after purchase {e['purchases']}",
    "feedback_due": lambda e: f"nothing heard since the {e['after'].replace('_', ' ')} of {when(e['at'])}",
    "campaign_response": lambda e: f"{e['response']} response by {e['action']}, message sent {when(e['message_sent'])}",
    "stage_changed": lambda e: f"{e['from']} -> {e['to']}",
    "role_changed": lambda e: f"{e['from'] or 'none'} -> {e['to'] or 'none'}",
    "segment_entered": lambda e: f"now in {e['segment']}",
    "segment_left": lambda e: f"no longer in {e['segment']}",
}
"""Trigger -> its evidence in words; what is not here, or lacks a fact, is told as names and values."""


def count(number: int, noun: str) -> str:
    """``1 event``, ``2 events``, ``1,000 events``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def trigger_sentence(data: Mapping[str, Any]) -> str:
    """One line for a firing, from the ``data`` of its CloudEvent: when, what, about what, and the evidence."""
    about = f" ({data['subject']})" if data.get("subject") else ""
    return f"{when(data['at'])} {data['trigger']}{about}: {evidence_words(data['trigger'], data.get('evidence') or {})}"


def evidence_words(trigger: str, evidence: Evidence) -> str:
    """The facts that made a trigger fire, in words."""
    sentence = SENTENCES.get(trigger)
    if sentence is not None:
        try:
            return sentence(evidence)
        except (KeyError, IndexError, TypeError, AttributeError):
            pass
    return phrase(evidence)


def phrase(evidence: Evidence) -> str:
    """The evidence as ``name value`` pairs; long lists and texts are cut, what is not known is left out."""
    return ", ".join(
        f"{name.replace('_', ' ')} {_short(value)}" for name, value in evidence.items() if value is not None
    )


def when(text: str | None) -> str:
    """A time as it is read by people, to the minute, in UTC."""
    return "ever" if text is None else _TIME.sub(r"\1 \2", text)


def _short(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    if isinstance(value, Mapping):
        return " ".join(_short(item) for item in value.values() if item is not None)
    if isinstance(value, (list, tuple)):
        shown = ", ".join(_short(item) for item in value[:_LONG])
        return f"[{shown}{f', and {len(value) - _LONG} more' if len(value) > _LONG else ''}]"
    text = when(str(value))
    return text if len(text) <= _WIDE else text[: _WIDE - 1] + "…"


def _opened(evidence: Evidence) -> str:
    return f"opened {when(evidence['created_at'])} by {evidence['channel'] or 'an unknown channel'}"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _said(evidence: Evidence) -> str:
    return f', "{_short(evidence["comment"])}"' if evidence.get("comment") else ""
