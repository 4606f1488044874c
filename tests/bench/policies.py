"""The policies that are compared: everything on, and the scoring core with nothing beside it."""

from __future__ import annotations

from typing import Any, Final

from schemas.policy import load

EVERYTHING: Final[dict[str, Any]] = {
    "segments": {
        "dutch": {"attribute": "country", "equals": "NL"},
        "heads": {"attribute": "job_title", "prefix": "Head"},
        "spenders": {"all": [{"state": "value.revenue", "at_least": 200}, {"state": "level", "not_equals": "low"}]},
        "waiting": {
            "any": [{"state": "tickets.fcr_pending", "at_least": 1}, {"state": "contact.allowed", "equals": False}],
        },
    },
    "rules": [
        {
            "name": "pricing_interest",
            "when": {
                "count": {
                    "topic": "clickstream", "type": "page_view", "where": [{"field": "url", "prefix": "/pricing"}],
                },
                "at_least": 3,
                "within": "7d",
            },
            "unless": {"count": {"topic": "purchases", "type": "ordered"}, "at_least": 1, "within": "7d"},
            "cooldown": "14d",
        },
        {
            "name": "big_month",
            "when": {
                "sum": {"topic": "purchases", "type": "ordered", "field": "amount"}, "at_least": 500, "within": "30d",
            },
            "cooldown": "30d",
        },
        {
            "name": "reads_widely",
            "when": {
                "distinct": {"topic": "clickstream", "type": "page_view", "field": "url"},
                "at_least": 10, "within": "1d",
            },
            "cooldown": "7d",
        },
        {
            "name": "trial_not_used",
            "when": {
                "absence": {"topic": "clickstream"}, "for": "3d",
                "since": {"topic": "purchases", "type": "subscription_started"},
            },
        },
    ],
}  # fmt: skip
"""Every trigger, four customer definitions, four segments, and a custom rule of each kind."""

_CORE: Final = frozenset({
    "interest_surge", "going_quiet", "information_gap", "ticket_escalated", "ticket_reopened", "repeat_contact",
    "first_reply_overdue", "resolution_overdue", "first_contact_resolved", "first_contact_missed", "over_contacted",
    "fatigued", "reader_never_clicks", "duplicate_message", "unsubscribed",
})  # fmt: skip
EXTRA_OFF: Final[dict[str, Any]] = {
    "triggers": {
        name: {"enabled": False} for name in load(None).triggers.__struct_fields__ if name not in _CORE
    },
}  # fmt: skip
"""Score, tickets, mail and their triggers: no custom rule, no segment, no other trigger."""
