"""E-mail provider webhooks as normalised events: one JSON line per POST, its events in ``normalized``.

The customer is the recipient's address in lower case. What is already a contract type stays; of the others:

==================================== =======================================================
``bounced``                          hard, but soft when the reason says that it may pass
``rejected``: bounced, invalid       ``bounced``, hard: the provider knows the address is dead
``rejected``: unsubscribed           ``unsubscribed``
``rejected`` otherwise, ``failed``   ``bounced``, soft: this message was not sent
queued, deferred                     no counterpart: the message is still on its way
unknown, subscribed, autoresponded   no counterpart
==================================== =======================================================

An event without recipient, time or message id is passed on without it, for the engine to set aside as a dead letter.
Providers give one id to several events (all recipients of a POST, a bounce and the complaint about it), or none, so the
event id is made of provider, message, type, time, link and the provider's id. Events are given in order of time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from agents.adapters.records import Problem, Record, Row, Unmapped, digest, record
from schemas.times import parse_instant

SAME = frozenset({"sent", "delivered", "opened", "clicked", "complained", "unsubscribed"})
DEAD_ADDRESS = frozenset({"bounced", "invalid", None})
"""Reasons with which a bounce says that the address does not exist."""


EXPECTED = "a JSON object with the list 'normalized' of events"


class Dated(NamedTuple):
    """An event and when it occurred (ms), None without a time."""

    at: int | None
    event: Record


def mail(lines: Iterable[str]) -> Iterator[Row]:
    """The events of all posts in order of time, those without a time last; first what has no event."""
    found: list[Dated] = []
    for number, line in enumerate(lines, 1):
        for row in parse(number, line):
            if isinstance(row, Dated):
                found.append(row)
            else:
                yield row
    found.sort(key=lambda dated: (dated.at is None, dated.at or 0))
    for dated in found:
        yield dated.event


def parse(line: int, text: str) -> Iterator[Dated | Problem | Unmapped]:
    """What a line says: an event for each normalised one."""
    if not text.strip():
        return
    try:
        post = orjson.loads(text)
    except ValueError:
        yield Problem(line, EXPECTED)
        return
    events = post.get("normalized") if isinstance(post, dict) else None
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        yield Problem(line, EXPECTED)
        return
    for event in events:
        yield to_event(line, str(post.get("esp") or ""), event)


def to_event(line: int, provider: str, event: Mapping[str, Any]) -> Dated | Problem | Unmapped:
    """The e-mail event of a normalised one."""
    known, reason = str(event.get("event_type")), event.get("reject_reason")
    kind, bounce = contract_type(known, reason)
    if kind is None:
        return Unmapped(line, f"an event {known!r}")
    try:
        at = _instant(event.get("timestamp"))
    except ValueError:
        return Problem(line, f"a time with an offset in timestamp, found {event['timestamp']!r}")
    recipient, message = event.get("recipient"), event.get("message_id")
    link = event.get("click_url") if kind == "clicked" else None
    parts = (provider, message, kind, event.get("timestamp"), link, event.get("event_id"))
    return Dated(at, record(
        "email", kind, recipient.strip().lower() if recipient else None, digest(*(str(part) for part in parts)), at,
        message_id=str(message) if message else None, link_url=link, bounce_kind=bounce, source=provider or None,
    ))  # fmt: skip


def contract_type(known: str, reason: str | None) -> tuple[str | None, str | None]:
    """The contract's type for a normalised one, and the kind of bounce; (None, None) without a counterpart."""
    if known in SAME:
        return known, None
    if known == "bounced":
        return "bounced", "hard" if reason in DEAD_ADDRESS else "soft"
    if known == "rejected" and reason == "unsubscribed":
        return "unsubscribed", None
    if known == "rejected" and reason in {"bounced", "invalid"}:
        return "bounced", "hard"
    return ("bounced", "soft") if known in {"rejected", "failed"} else (None, None)


def _instant(text: str | None) -> int | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        message = "a time without an offset"
        raise ValueError(message)
    return parse_instant(moment.isoformat())
