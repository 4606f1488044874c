"""Dead letters in words: rows of a list, one letter in full, and what becomes of one that is sent again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import orjson

from agents.deadletters.letter import Letter
from agents.deadletters.plan import HEADER, Item
from schemas.deadletters import DeadLetter
from schemas.times import format_instant

_HEX_BYTES: Final = 256
_ROW: Final = "{:<28} {:<24} {:<10} {:<16} {:<16} {}"
HEADINGS: Final = _ROW.format("id", "time", "state", "reason", "customer", "detail")


def row(letter: Letter, at: str | None) -> str:
    """One line of a list; ``at`` is when the letter was sent again, if it was."""
    time = "-" if letter.time is None else format_instant(letter.time)
    state, customer = "sent again" if at else "open", _plain(letter.customer or "-")
    return _ROW.format(letter.id, time, state, letter.record.reason, customer, _plain(letter.record.detail))


def summary(counts: Mapping[tuple[str, str, bool], int]) -> Iterator[str]:
    """Lines of counts by (topic, reason, whether sent again)."""
    for topic, reason in sorted({(topic, reason) for topic, reason, _ in counts}):
        still, sent = counts.get((topic, reason, False), 0), counts.get((topic, reason, True), 0)
        yield f"{still + sent:>8,}  {topic:<16} {reason:<17}" + (f" {still:,} open" if sent else "").rstrip()


def letter_lines(letter: Letter, at: str | None, now: DeadLetter | None) -> Iterator[str]:
    """A letter in full; ``now`` is why it would be refused as things are, None when it would be taken."""
    record, value = letter.record, letter.value
    yield letter.id
    yield f"  reason     {record.reason}"
    yield f"  detail     {_plain(record.detail)}"
    yield f"  expected   {_expected(letter)}"
    yield f"  time       {'not known' if letter.time is None else format_instant(letter.time)}"
    yield f"  from       topic {record.topic}, partition {record.partition}, offset {record.offset}"
    yield f"  key        {'none' if record.key is None else _plain(record.key)}"
    yield f"  customer   {_plain(letter.claimed_customer or 'not readable')} (in the value)"
    for name, content in letter.headers:
        meaning = " (an earlier letter that was sent again)" if name == HEADER else ""
        yield f"  header     {_plain(name)}: {'none' if content is None else _text(content)}{meaning}"
    yield f"  state      {f'sent again {at}' if at else 'open'}"
    yield f"  now        {'it would be accepted' if now is None else f'refused again: {now.reason}: {now.detail}'}"
    yield f"  value      {'none' if value is None else f'{len(value):,} bytes'}"
    yield from _value_lines(value)


def item_line(item: Item, partition: int | None, done: bool) -> str:
    """One line on a letter that was chosen to be sent again; ``partition`` is where its key belongs."""
    letter = item.letter
    if item.fate == "sent_before":
        return f"sent before    {letter.id}: on {item.at}"
    if item.fate == "refused" and item.wrong is not None:
        return f"refused again  {letter.id}: {item.wrong.reason}: {item.wrong.detail}{_advice(item)}"
    word = "sent           " if done else "would be sent  "
    where = f"topic {letter.record.topic}" + ("" if partition is None else f", partition {partition}")
    key = "" if item.key == letter.key else f", key {_text(item.key or b'')} instead of {_text(letter.key or b'none')}"
    moved = partition is not None and item.key == letter.key and partition != letter.record.partition
    why = f" (it came on {letter.record.partition}: its producer hashes keys another way)" if moved else ""
    forced = f", though it will be refused: {item.wrong.reason}: {item.wrong.detail}" if item.wrong else ""
    return f"{word}{letter.id} to {where}{key}{why}{forced}"


def _advice(item: Item) -> str:
    reason = item.wrong.reason if item.wrong else None
    return " (--rekey sends it under the customer_id of its value)" if reason == "key_mismatch" else ""


def _expected(letter: Letter) -> str:
    topic = letter.record.topic
    return {
        "not_json": "one JSON object in UTF-8, with no NaN and no Infinity",
        "schema": f"what `engage schema {topic}` says; the detail names the field",
        "unknown_type": f"a type that `engage schema {topic}` knows, on the right topic",
        "key_mismatch": "the message key to be the customer_id of the value, in UTF-8",
        "too_large": "at most 262,144 bytes",
        "from_the_future": "occurred_at no more than 5 minutes ahead of the worker's clock",
        "processing_error": "nothing else: this is a fault of the engine, so report it, update, then send it again",
    }[letter.record.reason]


def _value_lines(value: bytes | None) -> Iterator[str]:
    if value is None:
        return
    try:
        pretty = orjson.dumps(orjson.loads(value), option=orjson.OPT_INDENT_2).decode()
        yield from map(_plain, pretty.split("\n"))
    except ValueError:
        try:
            text = value.decode()
        except UnicodeDecodeError:
            text = ""
        if text.isprintable() and text:
            yield text
            return
        for start in range(0, min(len(value), _HEX_BYTES), 16):
            part = value[start : start + 16]
            yield f"{start:08x}  {part.hex(' '):<47}  {''.join(chr(b) if 32 <= b < 127 else '.' for b in part)}"
        if len(value) > _HEX_BYTES:
            yield f"... {len(value) - _HEX_BYTES:,} bytes more (--raw writes all)"


def _text(content: bytes) -> str:
    return _plain(content.decode("utf-8", "backslashreplace"))


def _plain(text: str) -> str:
    """No control characters: what others wrote must not steer a terminal."""
    return text if text.isprintable() else text.encode("unicode_escape").decode()
