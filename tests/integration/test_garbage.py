"""Ten thousand random and mutated byte strings on every topic: each is a dead letter, and no good event is lost."""

from __future__ import annotations

import base64
import json
import random
from collections import Counter
from pathlib import Path

import orjson
import pytest

from agents.embedded import EmbeddedBroker
from schemas.outputs import plain
from schemas.topics import DEAD_LETTERS, INPUTS
from tests.agents.running import Input, feed, idle, make_topics, records, replayed, running, simulated, worker_settings
from tests.oracle.decode import decode as reference

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]

BAD = 10_000
"""On each topic."""
EXAMPLES = Path(__file__).resolve().parents[2] / "schemas" / "examples"
_MARKS = b'"\\{}[],:\x00\xff\xc3(0-9.e+nt '


def spoiled(topic: str, count: int, dice: random.Random) -> list[Input]:
    """Random bytes, and examples of the topic with bytes changed, lost or doubled, under keys of their own."""
    examples = [json.loads(line) for line in (EXAMPLES / f"{topic}.jsonl").read_bytes().splitlines()]
    found = []
    while len(found) < count:
        key = f"m{dice.randrange(50)}"
        if dice.random() < 0.4:
            value = dice.randbytes(dice.randrange(1, 200))
        else:
            example = {**dice.choice(examples), "customer_id": key, "occurred_at": "2026-01-05T00:00:00.000Z"}
            value = _mutated(json.dumps(example).encode(), dice)
        value = value.replace(b"\n", b"?").replace(b"\r", b"?")
        if value.strip() and not isinstance(reference(topic, value), str) and dice.random() < 0.9:
            continue
        if value.strip():
            found.append(Input(topic, key, value))
    return found


def _mutated(value: bytes, dice: random.Random) -> bytes:
    """One to four changes outside of the time, which is no subject here."""
    head, time, tail = value.partition(b'"2026-01-05T00:00:00.000Z"')
    halves = [bytearray(head), bytearray(tail)]
    for _ in range(dice.randrange(1, 5)):
        half = dice.choice(halves)
        if not half:
            continue
        at = dice.randrange(len(half))
        half[at : at + dice.randrange(3)] = bytes([dice.choice(_MARKS)]) * dice.randrange(3)
    return bytes(halves[0]) + time + bytes(halves[1])


def expected(topic: str, key: str, value: bytes) -> str | None:
    """The reason by the naive reference, None for an event."""
    found = reference(topic, value)
    return found if isinstance(found, str) else None if found.customer == key else "key_mismatch"


async def test_ten_thousand_bad_records_on_every_topic_cost_no_good_event(
    embedded_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    dice = random.Random(20_261)
    good = simulated(count=6_000)
    mixed = list(good)
    for topic in INPUTS:
        mixed += spoiled(topic, BAD, dice)
    places = [number / len(good) for number in range(len(good))] + [
        dice.random() for _ in range(len(mixed) - len(good))
    ]
    inputs = [record for _, record in sorted(zip(places, mixed, strict=True), key=lambda pair: pair[0])]
    wanted = Counter(
        (topic, value, reason) for topic, key, value in inputs if (reason := expected(topic, key, value)) is not None
    )
    assert wanted.total() > 0.95 * BAD * len(INPUTS)

    settings = worker_settings(embedded_broker, tmp_path, dead_letter_share=1.0, dead_letter_minimum=10**9)
    make_topics(embedded_broker, settings, partitions=12)
    feed(embedded_broker, inputs)
    async with running(settings) as worker:
        await idle(worker, len(inputs))
        lines = {name: worker.status.customer(name) for name in sorted({record.key for record in good})}

    letters = [json.loads(message.value()) for message in records(embedded_broker, DEAD_LETTERS.name)]
    got = Counter((one["topic"], base64.b64decode(one["value"]), one["reason"]) for one in letters)
    assert list((got - wanted).items())[:3] == []
    assert list((wanted - got).items())[:3] == []
    alone = replayed(good, tmp_path / "replay").customers
    kept = ("tickets", "email", "first_seen", "last_seen", "last_activity", "stage")
    for name, line in alone.items():
        found = orjson.loads(orjson.dumps(lines[name], default=plain, option=orjson.OPT_PASSTHROUGH_SUBCLASS))
        assert {field: found[field] for field in kept} == {field: line[field] for field in kept}
