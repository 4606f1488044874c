"""What would become of a dead letter that is sent again: it is sent, refused again, or was sent before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from agents.deadletters.letter import Headers, Letter
from schemas.deadletters import DeadLetter
from schemas.decode import check_future, check_key, decode

HEADER: Final = "engage-dead-letter"
"""Names the letter on the record that is sent for it."""

Fate = Literal["send", "refused", "sent_before"]


class Change(NamedTuple):
    """What is sent otherwise than it was: another ``value``; with ``rekey`` key mismatches under their customer."""

    value: bytes | None = None
    rekey: bool = False
    force: bool = False
    """Send also what would be refused again."""


class Item(NamedTuple):
    """A letter, its fate, and the record that would be sent. ``wrong`` is why it would be refused as things are."""

    letter: Letter
    fate: Fate
    key: bytes | None
    value: bytes | None
    headers: Headers
    wrong: DeadLetter | None
    at: str | None
    """When it was sent before (RFC 3339)."""


def judge(topic: str, key: bytes | None, value: bytes | None, wall: int) -> DeadLetter | None:
    """Why a worker would refuse this record now (wall clock, ms); None when it would take it."""
    event = decode(topic, value)
    return event if isinstance(event, DeadLetter) else check_key(event, key) or check_future(event, wall)


def plan(letter: Letter, before: Mapping[str, str], wall: int, change: Change) -> Item:
    """What becomes of a letter when it is sent at ``wall`` (ms), given those that were sent ``before``."""
    topic = letter.record.topic
    value = letter.value if change.value is None else change.value
    key = letter.key
    if change.rekey and letter.record.reason == "key_mismatch":
        event = decode(topic, value)
        key = key if isinstance(event, DeadLetter) else event.customer_id.encode()
    headers = tuple(header for header in letter.headers if header[0] != HEADER)
    wrong = judge(topic, key, value, wall)
    at = before.get(letter.full_id)
    fate: Fate = "sent_before" if at else "refused" if wrong and not change.force else "send"
    return Item(letter, fate, key, value, (*headers, (HEADER, letter.full_id.encode())), wrong, at)
