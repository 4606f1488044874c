"""The policy of Appendix A as plain dictionaries, durations in milliseconds."""

from __future__ import annotations

import copy
from typing import Any

import yaml

from schemas.times import parse_duration

DEFAULTS = yaml.safe_load("""
version: "1"
currency: USD
score:
  half_life: 14d
  half_lives: {}
  points: {}
  daily_cap: {points: 20, topics: [clickstream, email], late: 3d}
  level_hysteresis: 2
  levels: {medium: 31, high: 76}
  change_threshold: 5
dedup_window: 24h
fcr_window: 7d
ticket_retention: 90d
customer_retention: null
targets:
  first_reply: {urgent: 1h, high: 4h, normal: 8h, low: 24h}
  resolution: {urgent: 8h, high: 24h, normal: 72h, low: 168h}
contact:
  gap: 60d
  first: {max: 3, span: 7d}
  weekly_until: 28d
  later: {max: 1, span: 30d}
  rolling: [{max: 10, span: 30d}]
fatigue: {messages: 10, at_least: 5, unopened: 0.8, age: 24h}
tiers: {bronze: 0, silver: 500, gold: 2000}
roles:
  decision_maker: [chief, c.o, founder, owner, president, vp, head of, director]
  champion: {count: 10, within: 30d}
  information_gatherer: {count: 3, within: 30d}
segments: {}
customer_definitions:
  any: {orders: 1}
  high_value: {revenue: 2000}
  recent: {orders: 1, within: 90d}
  frequent: {orders: 3, within: 365d}
rules: []
triggers:
  interest_surge: {points: 25, within: 7d, cooldown: 7d}
  going_quiet: {after: 14d}
  product_interest: {count: 3, within: 7d, cooldown: 7d}
  cart_abandoned: {after: 1h}
  reader_never_clicks: {opened: 5}
  duplicate_message: {within: 180d}
  contact_due: {after: 30d}
  information_gap: {within: 30m, channels: [phone, chat, email], pages: 5}
  repeat_contact: {count: 2, within: 7d}
  low_satisfaction: {at_most: 2}
  spend_threshold: {multiple: 1000}
  purchase_overdue: {purchases: 3, deviations: 2, at_least: 1d}
  thank_you_due: {after: 24h, every: 5}
  feedback_due: {after: 7d, quiet: 90d, cooldown: 90d}
  campaign_response: {within: 5d}
""")

SPANS = {
    "half_life", "late", "dedup_window", "fcr_window", "ticket_retention", "customer_retention", "gap", "span",
    "weekly_until", "age", "within", "after", "quiet", "cooldown", "for",
}  # fmt: skip
TABLES = {"half_lives", "first_reply", "resolution"}


def merged(changes: dict[str, Any] | None) -> dict[str, Any]:
    """The defaults with ``changes`` over them, and every duration as milliseconds."""
    result: dict[str, Any] = spans(_over(copy.deepcopy(DEFAULTS), changes or {}))
    at_least = result["triggers"]["purchase_overdue"]["at_least"]
    result["triggers"]["purchase_overdue"]["at_least"] = parse_duration(at_least)
    return result


def _over(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            base[key] = _over(base[key], value)
        else:
            base[key] = copy.deepcopy(value)
    return base


def spans(value: Any, key: str = "") -> Any:
    """The value with every duration under a key that holds one as milliseconds."""
    if isinstance(value, dict):
        return {k: spans(v, key if key in TABLES else str(k)) for k, v in value.items()}
    if isinstance(value, list):
        return [spans(v, key) for v in value]
    if isinstance(value, str) and (key in SPANS or key in TABLES):
        return int(parse_duration(value))
    return value
