"""What leaves a lane as records, none larger than a broker takes: one that is refused would stop the lane for good."""

from __future__ import annotations

from typing import Final

import msgspec

from agents.deliver import Record
from agents.lanes.buffers import Entry
from schemas.deadletters import DeadLetter, dead_letter_record
from schemas.outputs import Emission, TriggerFired, envelope, key
from schemas.topics import DEAD_LETTERS

LARGEST_LETTER: Final = 900_000
"""Bytes of a record that brokers take unless told otherwise (``max.message.bytes`` is 1 MiB), with some room."""
_KEPT_VALUE: Final = 262_144
_KEPT_KEY: Final = 512
"""A customer_id of 128 characters takes no more."""
_KEPT_HEADERS: Final = 65_536
_KEPT_DETAIL: Final = 1_000


def dead_letter(item: Entry, letter: DeadLetter) -> Record:
    """The record on ``dead-letters`` for an entry.

    It is whole when a broker can take it, as that of every event within the limit is. Else the beginning of it is kept,
    and ``detail`` says so: the whole is at its place in the source topic for as long as that keeps it.
    """
    record = item.record
    place = (item.topic, record.partition, record.offset)
    key, value, headers = record.key, record.value, list(record.headers)
    whole = dead_letter_record(letter.reason, letter.detail, *place, key, value, headers)
    kept_key = key and key[:_KEPT_KEY]
    if len(whole) + len(kept_key or b"") <= LARGEST_LETTER:
        return Record(DEAD_LETTERS.name, kept_key, whole)
    cut = []
    if value and len(value) > _KEPT_VALUE:
        cut.append(f"the first {_KEPT_VALUE} of {len(value)} bytes of the value")
        value = value[:_KEPT_VALUE]
    if key and len(key) > _KEPT_KEY:
        cut.append(f"the first {_KEPT_KEY} of {len(key)} bytes of the key")
    if sum(len(name.encode()) + len(content or b"") for name, content in headers) > _KEPT_HEADERS:
        cut.append(f"none of {len(headers)} headers")
        headers = []
    detail = f"{letter.detail[:_KEPT_DETAIL]} (kept: {', '.join(cut)})" if cut else letter.detail[:_KEPT_DETAIL]
    return Record(
        DEAD_LETTERS.name, kept_key, dead_letter_record(letter.reason, detail, *place, kept_key, value, headers)
    )


def emitted(emission: Emission) -> Record:
    """The record of an emission; evidence that no broker takes, such as pages with endless addresses, is left out."""
    value = envelope(emission)
    if len(value) > LARGEST_LETTER and isinstance(emission, TriggerFired):
        value = envelope(msgspec.structs.replace(emission, evidence={"left_out": f"{len(value)} bytes are too many"}))
    return Record(emission.topic, key(emission), value)
