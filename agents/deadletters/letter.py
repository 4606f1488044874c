"""One dead letter as it lies on the topic or in a file, the name it goes by, and which letters are asked for."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any, Final

import msgspec
import orjson

from schemas.deadletters import DeadLetterRecord
from schemas.times import format_instant

Headers = tuple[tuple[str, bytes | None], ...]
_decoder: Final = msgspec.json.Decoder(DeadLetterRecord)
_DIGEST: Final = 8


class DeadLettersError(ValueError):
    """Dead letters cannot be read where they were looked for, or what was asked for is not among them.

    Operator action: correct what the line names.
    """


class Letter(msgspec.Struct, frozen=True):
    """A dead letter. ``time`` is ms: when the worker refused it; of a file, the ``occurred_at`` that it claims."""

    record: DeadLetterRecord
    key: bytes | None
    """The original key; the record's text of it cannot tell every key."""
    time: int | None

    @property
    def id(self) -> str:
        """Where the record was read: ``topic/partition/offset``. The same letter written twice has one id."""
        return f"{self.record.topic}/{self.record.partition}/{self.record.offset}"

    @property
    def full_id(self) -> str:
        """The id and a digest of key, value and headers: a topic made anew may use an offset a second time."""
        key = None if self.key is None else self.key.hex()
        content = orjson.dumps((key, self.record.value, self.record.headers))
        return f"{self.id}/{sha256(content).hexdigest()[:_DIGEST]}"

    @property
    def value(self) -> bytes | None:
        """The original value."""
        return None if self.record.value is None else b64decode(self.record.value)

    @property
    def headers(self) -> Headers:
        """The original headers."""
        return tuple((name, None if text is None else b64decode(text)) for name, text in self.record.headers)

    @property
    def customer(self) -> str | None:
        """The message key as text; without one, the ``customer_id`` that the value claims."""
        return self.record.key if self.record.key is not None else self.claimed_customer

    @property
    def claimed_customer(self) -> str | None:
        """The ``customer_id`` in the value, when it can be read that far."""
        try:
            found = orjson.loads(self.value or b"")["customer_id"]
        except (ValueError, TypeError, KeyError):
            return None
        return found if isinstance(found, str) else None

    def line(self) -> dict[str, Any]:
        """The letter for programs: its record, and id, time and customer."""
        fields = {name: getattr(self.record, name) for name in self.record.__struct_fields__}
        time = None if self.time is None else format_instant(self.time)
        return {"id": self.id, "time": time, "customer": self.customer, **fields}


def parse(line: bytes | None, key: bytes | None, time: int | None) -> Letter | None:
    """The letter of a record's value, or None when it holds none."""
    try:
        return Letter(_decoder.decode(line or b""), key, time)
    except (msgspec.MsgspecError, ValueError):
        return None


class Filter(msgspec.Struct, frozen=True):
    """Which letters are asked for; what is empty or None asks for nothing. Times are ms, ``until`` not included."""

    ids: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    customer: str | None = None
    since: int | None = None
    until: int | None = None

    def takes(self, letter: Letter) -> bool:
        """Whether this letter is asked for. A letter without a time is in no span of time."""
        if self.since is not None and (letter.time is None or letter.time < self.since):
            return False
        if self.until is not None and (letter.time is None or letter.time >= self.until):
            return False
        if (self.reasons and letter.record.reason not in self.reasons) or (
            self.topics and letter.record.topic not in self.topics
        ):
            return False
        if self.customer is not None and self.customer not in (letter.record.key, letter.claimed_customer):
            return False
        return not self.ids or letter.id in self.ids or letter.full_id in self.ids

    def select(self, letters: Iterator[Letter]) -> Iterator[Letter]:
        """Those that are asked for, each once: a letter that was written twice is one letter."""
        seen: set[str] = set()
        for letter in letters:
            if self.takes(letter) and (name := letter.full_id) not in seen:
                seen.add(name)
                yield letter


def named(name: str, letters: Iterable[Letter]) -> Letter:
    """The one letter of this id.

    Raises:
        DeadLettersError: there is none, or there are several.

    """
    found = [letter for letter in letters if name in (letter.id, letter.full_id)]
    if not found:
        message = f"no dead letter {name!r} (topic/partition/offset, as engage dead-letters list shows them)"
        raise DeadLettersError(message)
    if len(found) > 1:
        message = f"{name} is several, for the topic was made anew: {', '.join(letter.full_id for letter in found)}"
        raise DeadLettersError(message)
    return found[0]
