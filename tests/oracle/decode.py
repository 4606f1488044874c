"""Lines into events or dead letters, field by field (CONTRACT 1, B14)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from schemas.times import parse_instant


@dataclass(eq=False)
class Ev:
    """One event: its fields with defaults filled in, and what was noted when it was applied."""

    topic: str
    kind: str
    id: str
    customer: str
    at: int
    fields: dict[str, Any]
    seq: int = 0
    arrived: int = 0
    level_after: str = "low"
    stage_after: str | None = None
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def action(self) -> str:
        """``topic.type``."""
        return f"{self.topic}.{self.kind}"

    def get(self, name: str) -> Any:
        """A field by its name on the wire, null when absent."""
        own = {"event_id": self.id, "customer_id": self.customer, "type": self.kind}
        return own[name] if name in own else self.fields.get(name)


Check = Callable[[Any], Any]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _name(value: Any) -> str:
    if not 1 <= len(_text(value)) <= 128:
        raise ValueError
    return str(value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value < 0:
        raise ValueError
    return float(value)


def _amount(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise ValueError
    try:
        amount = Decimal(value)
    except InvalidOperation as error:
        raise ValueError from error
    if not amount.is_finite() or amount < 0:
        raise ValueError
    return amount


def _whole(low: int, high: int) -> Check:
    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != int(value):
            raise ValueError
        if not low <= value <= high:
            raise ValueError
        return int(value)

    return check


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _one_of(*names: str) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in names:
            raise ValueError
        return value

    return check


def _currency(value: Any) -> str:
    if not re.fullmatch("[A-Z]{3}", _text(value)):
        raise ValueError
    return str(value)


def _scalars(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or any(isinstance(v, dict | list) for v in value.values()):
        raise ValueError
    return {k: v for k, v in value.items() if v is not None}


def _anything(value: Any) -> Any:
    return value


CART = {"product_id": _text, "category": _text, "amount": _amount}
MAIL = {"message_id!": _text, "content_id": _text, "transactional": _flag}
TICKET = {"ticket_id!": _text}
ORDER = {"order_id!": _text, "amount!": _amount, "currency": _currency, "product_id": _text, "category": _text,
         "recurring": _flag}  # fmt: skip
SURVEY = {"survey_id": _text, "comment": _text, "product": _text}
CREATED = {**TICKET, "channel!": _one_of("email", "chat", "phone", "web", "social"), "product": _text,
           "priority": _one_of("low", "normal", "high", "urgent"), "subject": _text}  # fmt: skip

TYPES: dict[str, dict[str, dict[str, Check]]] = {
    "clickstream": {
        "page_view": {"url!": _text, "title": _text, "referrer": _text, "dwell_seconds": _number},
        "product_view": {"product_id!": _text, "category": _text, "price": _amount},
        "search": {"query!": _text, "results": _anything},
        "download": {"asset_id!": _text, "asset_kind": _text},
        "form_submit": {"form_id!": _text},
        "comment": {"url": _text},
        "share": {"url": _text},
        "add_to_cart": CART,
        "checkout_started": CART,
    },
    "email": {
        "sent": MAIL, "delivered": MAIL, "complained": MAIL, "unsubscribed": MAIL,
        "opened": {**MAIL, "machine_open": _flag},
        "clicked": {**MAIL, "link_url": _text},
        "bounced": {**MAIL, "bounce_kind": _one_of("hard", "soft")},
    },
    "support-tickets": {
        "created": CREATED,
        "agent_replied": TICKET, "customer_replied": TICKET, "solved": TICKET, "reopened": TICKET, "closed": TICKET,
        "assigned": {**TICKET, "assignee": _text},
        "escalated": {**TICKET, "tier": _anything},
        "rated": {**TICKET, "score!": _whole(1, 5)},
    },
    "purchases": {
        "ordered": ORDER, "renewed": ORDER, "subscription_started": ORDER, "refunded": ORDER,
        "cancelled": {("amount" if k == "amount!" else k): v for k, v in ORDER.items()},
    },
    "surveys": {"csat": {**SURVEY, "score!": _whole(1, 5)}, "nps": {**SURVEY, "score!": _whole(0, 10)}},
    "profiles": {"updated": {"attributes!": _scalars}, "erased": {}},
}  # fmt: skip
DEFAULTS = {"transactional": False, "machine_open": False, "bounce_kind": "hard", "priority": "normal",
            "currency": "USD", "recurring": False}  # fmt: skip
COMMON = {"event_id!": _name, "customer_id!": _name, "occurred_at!": lambda v: parse_instant(_text(v)),
          "type!": _text, "campaign_id": _text, "source": _text, "session_id": _text}  # fmt: skip


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def parsed(line: bytes) -> Any:
    """The JSON value of a line. Raises ValueError when it is none."""
    try:
        return json.loads(line.decode(), parse_constant=_no_constant, parse_float=Decimal)
    except RecursionError as error:
        raise ValueError from error


def occurred_at(line: bytes) -> int | None:
    """The time a line says it occurred, when it says so validly."""
    try:
        return int(parse_instant(parsed(line)["occurred_at"]))
    except (ValueError, TypeError, KeyError, IndexError):
        return None


def _checked(record: dict[str, Any], checks: dict[str, Check]) -> dict[str, Any]:
    fields = {}
    for name, check in checks.items():
        value = record.get(name.rstrip("!"))
        if value is not None:
            fields[name.rstrip("!")] = check(value)
        elif name.endswith("!"):
            raise ValueError
        elif name in DEFAULTS:
            fields[name] = DEFAULTS[name]
    return fields


def decode(topic: str, line: bytes) -> Ev | str:
    """The event of a line, or the reason why it is a dead letter."""
    if len(line) > 262_144:
        return "too_large"
    try:
        record = parsed(line)
    except ValueError:
        return "not_json"
    if not isinstance(record, dict):
        return "schema"
    try:
        common = _checked(record, COMMON)
    except ValueError:
        return "schema"
    kind = common["type"]
    if kind not in TYPES[topic]:
        return "unknown_type"
    try:
        fields = {**common, **_checked(record, TYPES[topic][kind])}
    except ValueError:
        return "schema"
    return Ev(topic, kind, common["event_id"], common["customer_id"], common["occurred_at"], fields)
