"""Duplicates: the event ids of the last ``dedup_window``, exactly (CONTRACT 1, B13)."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from schemas.topics import INPUTS

if TYPE_CHECKING:
    from schemas.events import Event

Seen = dict[int, dict[bytes, int]]
_BUCKETS = 24
_PLAIN_BYTES = 20
_CODES = {topic: bytes([number]) for number, topic in enumerate(INPUTS)}


def _key(event: Event) -> bytes:
    """Topic and id in at most 21 bytes; a long id by its 160-bit digest."""
    plain = event.event_id.encode()
    if len(plain) >= _PLAIN_BYTES:
        plain = blake2b(plain, digest_size=_PLAIN_BYTES).digest()
    return _CODES[event.topic] + plain


def is_duplicate(seen: Seen, event: Event, now: int, window: int) -> bool:
    """Whether a first copy was applied less than ``window`` ms before ``now``."""
    if not seen:
        return False
    name = _key(event)
    for start, ids in seen.items():
        offset = ids.get(name)
        if offset is not None and now - (start + offset) < window:
            return True
    return False


def remember(seen: Seen, event: Event, now: int, window: int) -> Seen:
    """The ids with this one; whole buckets that have passed are let go."""
    width = -(-window // _BUCKETS)
    start = now - now % width
    name = _key(event)
    current = seen.get(start)
    if current is not None:
        return {**seen, start: {**current, name: now - start}}
    return {**without_passed(seen, now, window), start: {name: now - start}}


def without_passed(seen: Seen, now: int, window: int) -> Seen:
    """The ids without the whole buckets that have passed by ``now``."""
    return {old: ids for old, ids in seen.items() if now - (old + next(reversed(ids.values()))) < window}
