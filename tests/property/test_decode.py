"""Decoding holds for any bytes: it never raises, and its fast and its slow reading agree."""

import json
from decimal import Decimal
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

import schemas
from schemas.deadletters import REASONS, DeadLetter
from schemas.decode import decode
from schemas.diagnose import diagnose
from schemas.events import EVENTS, Event
from schemas.outputs import plain
from schemas.times import Instant

EXAMPLES = [
    (topic, json.loads(line))
    for topic in EVENTS
    for line in (Path(schemas.__file__).parent / "examples" / f"{topic}.jsonl").read_text("utf-8").splitlines()
]
FIELDS = sorted({name for _, event in EXAMPLES for name in event})
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=140)
anything = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
numbers = st.sampled_from(["4.0", "4e0", "-0.0", "1e400", "1E-7", "00", "9" * 40, "NaN", "Infinity", "1.", "-1", "0.1"])


def judged(topic, value):
    result = decode(topic, value)
    assert isinstance(result, (Event, DeadLetter))
    if isinstance(result, DeadLetter):
        assert result.reason in REASONS
        assert "\n" not in result.detail
        assert len(result.detail) < 300
        result.detail.encode()
    return result


@given(st.sampled_from([*EVENTS, "", "kpis"]), st.binary(max_size=200))
def test_no_bytes_make_decoding_raise(topic, value):
    judged(topic, value)


@settings(max_examples=300)
@given(st.sampled_from(EXAMPLES), st.data())
def test_no_damage_to_a_good_event_makes_decoding_raise_and_both_readings_agree(example, data):
    topic, event = example
    value = json.dumps(event, ensure_ascii=data.draw(st.booleans())).encode()
    at, length = data.draw(st.integers(0, len(value))), data.draw(st.integers(0, 3))
    damaged = value[:at] + data.draw(st.binary(max_size=3)) + value[at + length :]
    assert judged(topic, damaged) == diagnose(topic, damaged)


@settings(max_examples=300)
@given(st.sampled_from(EXAMPLES), st.sampled_from(FIELDS), anything)
def test_any_value_in_any_field_is_judged_alike_by_both_readings(example, name, value):
    topic, event = example
    text = json.dumps({**event, name: value}).encode()
    assert judged(topic, text) == diagnose(topic, text)


@settings(max_examples=300)
@given(st.sampled_from(EXAMPLES), st.sampled_from(FIELDS), numbers)
def test_any_number_in_any_field_is_judged_alike_by_both_readings(example, name, number):
    topic, event = example
    text = json.dumps({**event, name: "@"}).replace('"@"', number).encode()
    assert judged(topic, text) == diagnose(topic, text)


@given(st.sampled_from(EXAMPLES), st.data())
def test_an_object_in_place_of_any_field_is_a_schema_letter_that_names_the_field(example, data):
    topic, event = example
    name = data.draw(st.sampled_from(sorted(event)))
    wrong = {"attributes": 5}.get(name, {"wrong": "type"})
    letter = judged(topic, json.dumps({**event, name: wrong}).encode())
    assert isinstance(letter, DeadLetter)
    assert letter.reason == "schema"
    assert letter.detail.startswith(f"{name}: expected ")


def encoded(event):
    return msgspec.json.encode(event, enc_hook=plain)


@given(st.sampled_from(EXAMPLES))
def test_an_event_written_and_read_again_is_equal(example):
    topic, raw = example
    event = judged(topic, json.dumps(raw).encode())
    assert isinstance(event, Event)
    assert decode(topic, encoded(event)) == event


@given(
    st.decimals(0, Decimal(10) ** 15, places=4, allow_nan=False) | st.integers(0, 10**18).map(Decimal),
    st.integers(Instant(-(10**13)), 10**14),
)
def test_any_amount_and_instant_survive_being_written(amount, at):
    event = EVENTS["purchases"][0](event_id="e", customer_id="c", occurred_at=Instant(at), order_id="o", amount=amount)
    assert decode("purchases", encoded(event)) == event
