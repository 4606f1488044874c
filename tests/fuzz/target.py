"""What must hold for any bytes. An input is one byte that names a topic, then lines: the records of one partition."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from schemas.deadletters import REASONS, DeadLetter
from schemas.decode import LARGEST, check_future, check_key, claimed_instant, decode
from schemas.diagnose import diagnose
from schemas.events import Event
from schemas.outputs import envelope, plain
from schemas.policy import merge
from schemas.topics import INPUTS
from streams import codec
from streams.describe import customer_line
from streams.lane import Lane, Memory
from streams.state import Customer
from tests.oracle.decode import Ev
from tests.oracle.decode import decode as read_independently

MOST_RECORDS: Final = 8
OURS: Final = ("half of a surrogate pair", "deep", "results: ", "tier: ", "a plain decimal", "beyond 1.8e308")
"""In details: where the contract leaves it open and we are stricter than the independent reading."""
_HUGE_EXPONENT: Final = re.compile(rb"[eE][+-]?0*[1-9]\d{4}")
_URLS: Final = {"topic": "clickstream", "field": "url"}
_PAID: Final = {"topic": "purchases", "field": "amount"}
_ANSWER: Final = {"topic": "surveys"}
POLICY: Final = merge(
    {
        "rules": [
            {"name": "web", "when": {"distinct": _URLS, "at_least": 2, "within": "1d"}},
            {"name": "pays", "when": {"sum": _PAID, "at_least": 5, "within": "30d"}},
            {"name": "gone", "when": {"absence": {"topic": "email"}, "for": "3d", "since": _ANSWER}},
        ],
        "segments": {
            "big": {"any": [{"attribute": "company_size", "at_least": 50}, {"state": "score", "at_least": 9}]}
        },
    }
)
"""The default triggers, and each kind of rule and condition that looks into events."""


def run(data: bytes) -> int:
    """Judge and apply an input; returns how many of its records are events. Raises when something does not hold."""
    if not data:
        return 0
    topic = INPUTS[data[0] % len(INPUTS)]
    store = Memory()
    lane, now, count = Lane(store, POLICY), -(2**62), 0
    for value in data[1:].split(b"\n", MOST_RECORDS)[:MOST_RECORDS]:
        event = judge(topic, value)
        if event is None:
            continue
        count += 1
        now = max(now, event.occurred_at)
        lane.feed(event, now)
    if count:
        lane.advance(now + 200 * 86_400_000)
        held(lane, store, now)
    return count


def judge(topic: str, value: bytes) -> Event | None:
    """The event of a value, None for a dead letter; both readings of ours and the independent one must agree."""
    found = decode(topic, value)
    claimed_instant(value)
    slowly = diagnose(topic, value) if len(value) <= LARGEST else found
    assert found == slowly, f"fast {found!r}, slow {slowly!r}"
    expected = _independently(topic, value)
    if isinstance(found, DeadLetter):
        assert found.reason in REASONS
        if expected is not None and not any(words in found.detail for words in OURS):
            assert found.reason == expected, f"{found!r}, independently {expected!r}"
        found.detail.encode()
        return None
    assert not isinstance(expected, str), f"{found!r}, independently {expected!r}"
    if expected is not None:
        ours = (found.event_id, found.customer_id, found.occurred_at)
        assert ours == (expected.id, expected.customer, expected.at)
    assert decode(topic, msgspec.json.encode(found, enc_hook=plain)) == found, "it is not the same when written again"
    assert check_key(found, found.customer_id.encode()) is None
    check_future(found, 0)
    return found


def _independently(topic: str, value: bytes) -> Ev | str | None:
    """The independent reading; None where an exponent is larger than it can hold."""
    return None if _HUGE_EXPONENT.search(value) else read_independently(topic, value)


def held(lane: Lane, store: Memory, now: int) -> None:
    """What came out can be written, and what is kept can be read again."""
    for emission in lane.take().emissions:
        msgspec.json.decode(envelope(emission))
    for state in store.values():
        assert state is not None
        kept = codec.encode(state)
        assert codec.encode(codec.decode(kept)) == kept
        if isinstance(state, Customer):
            msgspec.json.encode(customer_line(state, max(lane.now, now), POLICY), enc_hook=plain)
