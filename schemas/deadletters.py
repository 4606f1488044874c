"""What could not be applied: the reason as a value, and the record that is enough to replay it (CONTRACT 1, B29)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from typing import Literal, TypeAlias, get_args

import msgspec
import orjson

Reason: TypeAlias = Literal[
    "not_json", "schema", "unknown_type", "key_mismatch", "too_large", "from_the_future", "processing_error"
]
REASONS: tuple[Reason, ...] = get_args(Reason)
"""The closed set of reasons."""


class DeadLetter(msgspec.Struct, frozen=True):
    """Why an event cannot be applied; ``detail`` names the field and what was expected."""

    reason: Reason
    detail: str


class DeadLetterRecord(msgspec.Struct, frozen=True):
    """A record of ``dead-letters``: ``value`` and the header values are base64, None where there was none.

    ``key`` is text; bytes of it that are not UTF-8 are written as escapes.
    """

    reason: Reason
    detail: str
    topic: str
    partition: int
    offset: int
    key: str | None
    value: str | None
    headers: tuple[tuple[str, str | None], ...]


def dead_letter_record(
    reason: Reason,
    detail: str,
    topic: str,
    partition: int,
    offset: int,
    key: bytes | None,
    value: bytes | None,
    headers: Iterable[tuple[str, bytes | None]],
) -> bytes:
    """The record as one line of JSON, without the line end."""
    record = DeadLetterRecord(
        reason,
        detail,
        topic,
        partition,
        offset,
        None if key is None else key.decode("utf-8", "backslashreplace"),
        _base64(value),
        tuple((name, _base64(content)) for name, content in headers),
    )
    return orjson.dumps({name: getattr(record, name) for name in record.__struct_fields__})


def _base64(content: bytes | None) -> str | None:
    return None if content is None else b64encode(content).decode("ascii")
