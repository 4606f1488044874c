"""Dead letters as records: whole when a broker takes them, else cut and said so."""

from __future__ import annotations

import json
from base64 import b64decode
from types import SimpleNamespace
from typing import Any

import pytest

from agents.lanes.buffers import Entry
from agents.lanes.letters import LARGEST_LETTER, dead_letter
from schemas.deadletters import DeadLetter
from schemas.decode import LARGEST

WRONG = DeadLetter("not_json", "value: expected JSON")


def letter_of(
    value: bytes | None, key: bytes | None = b"c", headers: Any = (), letter: DeadLetter = WRONG
) -> tuple[bytes | None, int, dict[str, Any]]:
    record = SimpleNamespace(partition=1, offset=7, key=key, value=value, headers=headers)
    found = dead_letter(Entry("email", 0, letter, record), letter)
    assert found.topic == "dead-letters"
    assert found.value is not None
    return found.key, len(found.value), json.loads(found.value)


@pytest.mark.parametrize("value", [None, b"", b"\x00" * LARGEST, b"\xff" * 600_000])
def test_what_a_broker_takes_is_kept_whole(value: bytes | None) -> None:
    key, _, record = letter_of(value, headers=[("h", b"\x01"), ("none", None)])
    assert key == b"c"
    assert (None if record["value"] is None else b64decode(record["value"])) == value
    assert record["headers"] == [["h", "AQ=="], ["none", None]]
    assert record["detail"] == WRONG.detail


@pytest.mark.parametrize(
    ("value", "key", "headers", "letter"),
    [
        (b"\xff" * 1_000_000, b"c", [], WRONG),
        (b"x", b"\xff" * 1_000_000, [], WRONG),
        (b"x", None, [("\x01" * 60_000, b"x"), ("h", b"x" * 900_000)], WRONG),
        (b"x", b"c", [("\x01" * 600_000, None)], WRONG),
        (b"x" * LARGEST, b"c", [("\x01" * 65_000, None)], DeadLetter("schema", "\x01" * 600_000)),
    ],
)
def test_no_letter_is_larger_than_a_broker_takes(value: bytes, key: Any, headers: Any, letter: DeadLetter) -> None:
    kept, size, record = letter_of(value, key, headers, letter)
    assert size + len(kept or b"") <= LARGEST_LETTER
    assert (record["topic"], record["partition"], record["offset"]) == ("email", 1, 7)
    assert value.startswith(b64decode(record["value"]))


def test_a_letter_that_was_cut_says_what_is_kept() -> None:
    _, _, record = letter_of(b"\xff" * 1_000_000, b"k" * 600, [("h", b"x" * 70_000)])
    kept = "the first 262144 of 1000000 bytes of the value, the first 512 of 600 bytes of the key, none of 1 headers"
    assert record["detail"] == f"{WRONG.detail} (kept: {kept})"
    assert (len(record["key"]), record["headers"]) == (512, [])
