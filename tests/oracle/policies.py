"""Policies for random worlds: the defaults, and some that move every boundary."""

from __future__ import annotations

from typing import Any

POLICIES: dict[str, dict[str, Any]] = {
    "defaults": {},
    "short": {
        "version": "short",
        "currency": "EUR",
        "score": {
            "half_life": "2d",
            "half_lives": {"clickstream.page_view": "1h", "purchases.cancelled": "6h", "purchases.ordered": "30d"},
            "points": {"clickstream.comment": 7, "email.sent": -1},
            "daily_cap": {"points": 10, "late": "1h"},
            "level_hysteresis": 0,
            "levels": {"medium": 15, "high": 40},
            "change_threshold": 3,
        },
        "dedup_window": "1h",
        "fcr_window": "1d",
        "contact": {
            "gap": "10d",
            "first": {"max": 2, "span": "1d"},
            "weekly_until": "8d",
            "later": {"max": 1, "span": "3d"},
            "rolling": [{"max": 3, "span": "4d"}, {"max": 2, "span": "1h"}],
        },
        "fatigue": {"messages": 4, "at_least": 2, "unopened": 0.5, "age": "1h"},
        "tiers": {"bronze": 0, "silver": 100, "gold": 300, "platinum": 1000},
        "roles": {"champion": {"count": 3, "within": "7d"}, "information_gatherer": {"count": 2, "within": "1d"}},
        "triggers": {
            "interest_surge": {"points": 10, "within": "1d", "cooldown": "1d"},
            "going_quiet": {"after": "2d"},
            "product_interest": {"count": 2, "within": "1d", "cooldown": "0s"},
            "reader_never_clicks": {"opened": 2},
            "contact_due": {"after": "1d"},
            "spend_threshold": {"multiple": 300},
            "thank_you_due": {"every": 2},
            "feedback_due": {"after": "1d", "quiet": "2d", "cooldown": "0s"},
            "ticket_escalated": {"cooldown": "1d"},
            "first_reply_overdue": {"enabled": False},
            "campaign_response": {"within": "1d"},
        },
    },
    "rules": {
        "version": "rules",
        "segments": {
            "german": {"attribute": "country", "equals": "DE"},
            "spenders": {"all": [{"state": "value.revenue", "at_least": 500}, {"state": "level", "not_equals": "low"}]},
            "troubled": {
                "any": [
                    {"state": "tickets.escalated", "at_least": 1},
                    {"not": {"state": "contact.allowed", "equals": True}},
                ]
            },
            "unknown_country": {"attribute": "country", "exists": False},
        },
        "rules": [
            {
                "name": "pricing_interest",
                "when": {
                    "count": {
                        "topic": "clickstream",
                        "type": "page_view",
                        "where": [{"field": "url", "prefix": "/pricing"}],
                    },
                    "at_least": 2,
                    "within": "7d",
                },
                "unless": {"count": {"topic": "purchases", "type": "ordered"}, "at_least": 1, "within": "2d"},
                "cooldown": "1d",
            },
            {
                "name": "big_week",
                "when": {
                    "sum": {"topic": "purchases", "type": "ordered", "field": "amount"},
                    "at_least": 500,
                    "within": "7d",
                },
            },
            {
                "name": "reads_widely",
                "when": {
                    "distinct": {"topic": "clickstream", "type": "page_view", "field": "url"},
                    "at_least": 3,
                    "within": "1d",
                },
            },
            {
                "name": "product_fan",
                "when": {"count": {"topic": "clickstream"}, "at_least": 3, "within": "2d"},
                "subject": "product_id",
            },
            {
                "name": "trial_not_used",
                "when": {
                    "absence": {"topic": "clickstream", "type": "search"},
                    "for": "3d",
                    "since": {"topic": "purchases", "type": "subscription_started"},
                },
            },
        ],
    },
}
