"""Inputs made of the good examples by damage that knows JSON: fields swapped, numbers and times bent, bytes broken."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any, Final

import schemas
from schemas.topics import INPUTS

_FOLDER: Final = Path(schemas.__file__).parent / "examples"
EXAMPLES: Final = {
    topic: [json.loads(line) for line in (_FOLDER / f"{topic}.jsonl").read_text("utf-8").splitlines()]
    for topic in INPUTS
}
FIELDS: Final = sorted({name for events in EXAMPLES.values() for event in events for name in event})
ODD: Final[list[Any]] = [
    None, True, False, 0, -1, 1, 5, 10, 4.0, 4.5, 1e300, -0.0, 2**63, 10**40, "", "x" * 128, "x" * 129, "\x00",
    "\ud800", "\U0001f600" * 128, "4", "4.0", " 5 ", "1_000", "NaN", "-1", "1e400", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999Z", "2026-02-29T00:00:00Z", "2026-01-01T00:00:00+14:00", "2026-01-01t00:00:00.1234567z",
    "2026-01-01T23:59:60Z", "USD", "usd", [], {}, [[]], {"a": {}}, {"company_size": "51"},
    {"marketing_consent": False}, {"job_title": "c.o (((" * 20},
]  # fmt: skip
TOKENS: Final = [
    b"NaN", b"Infinity", b"-Infinity", b"1e999999", b"1E-999999", b"-0", b"00", b"1.", b".5", b"4.0", b"4e0",
    b"9" * 400, b"null", b"true", b"[" * 300, b'{"a":' * 300, b'"\\ud800"', b'"\\u0000"', b"\xff", b"\xef\xbb\xbf",
    b"//", b"\r", b" ",
]  # fmt: skip


def seeds() -> list[bytes]:
    """Every good example as an input, alone, and all of a topic together."""
    found = []
    for number, topic in enumerate(INPUTS):
        lines = [json.dumps(event).encode() for event in EXAMPLES[topic]]
        found += [bytes([number]) + line for line in lines]
        found += [bytes([number]) + b"\n".join(lines[at : at + 8]) for at in range(0, len(lines), 4)]
    return found


def make(pick: Random) -> bytes:
    """An input: up to eight events of one topic, mostly of one customer, most of them damaged somewhere."""
    number = pick.randrange(len(INPUTS))
    lines = [_line(pick, INPUTS[number]) for _ in range(pick.choice([1, 1, 2, 4, 8]))]
    return bytes([number]) + b"\n".join(lines)


def damage(data: bytes, pick: Random) -> bytes:
    """The same with some bytes lost, doubled, or replaced by odd ones."""
    for _ in range(pick.choice([1, 1, 1, 3, 9])):
        at = pick.randrange(1, len(data) + 1)
        end = min(len(data), at + pick.choice([0, 0, 1, 1, 2, 8, 40]))
        new = pick.choice([b"", data[at:end] * 2, pick.choice(TOKENS), pick.randbytes(pick.choice([1, 1, 3]))])
        data = data[:at] + new + data[end:]
    return data


def _line(pick: Random, topic: str) -> bytes:
    event = dict(pick.choice(EXAMPLES[topic]))
    event["customer_id"] = pick.choice(["c-1", "c-1", "c-1", event["customer_id"]])
    event["event_id"] = f"e{pick.randrange(6)}"
    if pick.random() < 0.5:
        event["occurred_at"] = f"2026-01-{pick.randrange(1, 29):02}T{pick.randrange(24):02}:00:00Z"
    if pick.random() < 0.3:
        event["type"] = pick.choice(EXAMPLES[topic])["type"]
    for _ in range(pick.choice([0, 0, 1, 1, 2])):
        event[pick.choice([*FIELDS, *event])] = pick.choice(ODD)
    text = json.dumps(event, ensure_ascii=pick.random() < 0.5)
    value = text.encode("utf-8", "surrogatepass")
    if pick.random() < 0.2:
        at = pick.randrange(len(value))
        value = value[:at] + pick.choice(TOKENS) + value[at + pick.randrange(3) :]
    return value.replace(b"\n", b" ")
