"""Bytes to typed events: total over any bytes of any topic, and in the order of the contract (CONTRACT 1, B14, B28).

A good event costs one pass of a typed decoder. Only what that refuses, or cannot vouch for, is read a second time,
slowly, by ``schemas.diagnose``, which says what is wrong or accepts it after all (a null, a whole number as 4.0).
"""

from __future__ import annotations

import re
from typing import Any, Union

import msgspec
import orjson

from schemas.deadletters import DeadLetter
from schemas.diagnose import DEEPEST, diagnose
from schemas.events import EVENTS, AddToCart, CheckoutStarted, Event, ProductView, PurchaseEvent
from schemas.times import MINUTE, Instant, format_instant, parse_instant

LARGEST = 262_144
"""The most bytes a value may have, without the line end."""
FUTURE = 5 * MINUTE
"""How far ahead of the wall clock an event may be, in milliseconds."""


def _typed(of: type, value: Any) -> Any:
    if of is Instant and isinstance(value, str):
        return parse_instant(value)
    message = "expected a string"
    raise ValueError(message)


_DECODERS = {
    topic: msgspec.json.Decoder(Union[kinds], dec_hook=_typed)  # noqa: UP007
    for topic, kinds in EVENTS.items()
}
_PLAIN = rb'"\s*:\s*(?:"\d{1,30}(?:\.\d{1,30})?"|(?:\d{1,30}(?:\.\d{1,30})?|null)[\s,}])'
_AMOUNT = (b"amount", re.compile(rb'"amount' + _PLAIN))
_PRICE = (b"price", re.compile(rb'"price' + _PLAIN))
_MONEY: dict[type[Event], tuple[bytes, re.Pattern[bytes]]] = {
    kind: _PRICE if kind is ProductView else _AMOUNT
    for kinds in EVENTS.values()
    for kind in kinds
    if issubclass(kind, (ProductView, AddToCart, CheckoutStarted, PurchaseEvent))
}


def decode(topic: str, value: bytes | None) -> Event | DeadLetter:
    """The event that a record's value holds, or why there is none. Never raises."""
    if value is None:
        return DeadLetter("not_json", "value: expected a JSON object, got no value")
    if len(value) > LARGEST and len(value.removesuffix(b"\n").removesuffix(b"\r")) > LARGEST:
        return DeadLetter("too_large", f"value: expected at most {LARGEST} bytes, got {len(value)}")
    decoder = _DECODERS.get(topic)
    if decoder is None or not ((value.isascii() and len(value) <= 2 * DEEPEST) or _is_readable(value)):
        return diagnose(topic, value)
    try:
        event: Event = decoder.decode(value)
    except (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError):
        return diagnose(topic, value)
    money = _MONEY.get(type(event))
    return event if money is None or _is_plain(value, *money) else diagnose(topic, value)


def _is_readable(value: bytes) -> bool:
    """Whether it is UTF-8 throughout, ignored fields too, and surely not nested too deep."""
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return value.count(b"[") + value.count(b"{") <= DEEPEST


def _is_plain(value: bytes, name: bytes, pattern: re.Pattern[bytes]) -> bool:
    """Whether money is surely a plain decimal: nothing is escaped, and its name stands there once, before such a one.

    The typed decoder alone would take ``NaN``, ``1_000`` and `` 5 `` from a string.
    """
    if b"\\" in value:
        return False
    times = value.count(name)
    return times == 0 or (times == 1 and pattern.search(value) is not None)


def claimed_instant(value: bytes | None) -> int | None:
    """The ``occurred_at`` (ms) of a value that may be invalid otherwise; None when it has no valid one.

    A dead letter keeps its place in the order of events by it (CONTRACT B15).
    """
    try:
        return parse_instant(orjson.loads(value or b"")["occurred_at"])
    except (ValueError, TypeError, KeyError):
        return None


def check_key(event: Event, key: bytes | None) -> DeadLetter | None:
    """A dead letter when the message key is missing or is not the event's customer_id."""
    if key == event.customer_id.encode():
        return None
    got = "none" if key is None else "another"
    return DeadLetter("key_mismatch", f"key: expected the customer_id in UTF-8, got {got}")


def check_future(event: Event, wall: int) -> DeadLetter | None:
    """A dead letter when the event is more than five minutes ahead of ``wall`` (milliseconds)."""
    if event.occurred_at <= wall + FUTURE:
        return None
    latest = format_instant(wall + FUTURE)
    return DeadLetter("from_the_future", f"occurred_at: expected no later than {latest}, 5 min after the wall clock")
