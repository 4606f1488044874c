"""Each reason of a dead letter, their order, and what is accepted after all (CONTRACT 1, B14, B28)."""

import json
from decimal import Decimal

import pytest

from schemas.deadletters import DeadLetter
from schemas.decode import LARGEST, check_future, check_key, decode
from schemas.events import EVENTS, Ordered
from schemas.times import parse_instant
from tests.unit.schemas.values import ORDER, order, with_end


def test_a_good_event_becomes_its_type_with_exact_money_and_milliseconds():
    event = order()
    assert event == Ordered(
        event_id="e-1", customer_id="c-1", occurred_at=1795253400000, order_id="o-1", amount=Decimal("19.99")
    )
    assert event.action == "purchases.ordered"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (None, "no value"),
        (b"", "JSON"),
        (b"  ", "JSON"),
        (b"{", "JSON"),
        (b"\xff\xfe", "UTF-8"),
        (b"\xef\xbb\xbf{}", "BOM"),
        (b"{} {}", "Extra data"),
        (b'{"a":NaN}', "NaN"),
        (b'{"a":-Infinity}', "Infinity"),
        (b'{"a":01}', "JSON"),
        (b'{"a":"\\ud800"}', "surrogate"),
        (b"[" * 201 + b"]" * 201, "deep"),
        (b"[" * 100_000, "deep"),
    ],
)
def test_what_is_not_json_says_why(value, says):
    letter = decode("purchases", value)
    assert letter.reason == "not_json"
    assert says in letter.detail


@pytest.mark.parametrize(
    "end",
    [b',"x":NaN}', b',"x":"\xff"}', b',"\xff":1}', b',"x":{"y":"\xed\xa0\x80"}}', b',"x":"\\udc00"}', b',"x":tru}'],
)
def test_an_ignored_field_must_still_be_json(end):
    assert with_end(end).reason == "not_json"


@pytest.mark.parametrize(
    "end",
    [
        b',"x":1e999}',
        b',"x":' + b"9" * 5000 + b"}",
        b',"x":' + b"[" * 150 + b"]" * 150 + b"}",
        b',"x":"' + b"[" * 5000 + b'"}',
        b',"x":"\\ud83d\\ude00"}',
        b',"order_id":"o-1"}',
        b',"recurring":null,"category":null}',
        b"}" + b" " * 1000 + b"\r\n",
    ],
)
def test_an_ignored_field_may_be_any_json(end):
    assert with_end(end) == order()


@pytest.mark.parametrize("value", [b"[]", b"5", b'"text"', b"null", b"true"])
def test_a_value_that_is_no_object_is_against_the_schema(value):
    letter = decode("purchases", value)
    assert letter.reason == "schema"
    assert letter.detail.startswith("value: expected a JSON object")


def test_the_largest_value_is_256_kib_without_the_line_end():
    good = json.dumps(ORDER).encode()
    full = good + b" " * (LARGEST - len(good))
    assert decode("purchases", full) == order()
    assert decode("purchases", full + b"\n") == order()
    assert decode("purchases", full + b"\r\n") == order()
    assert decode("purchases", full + b" ").reason == "too_large"
    assert decode("purchases", full + b" \n").reason == "too_large"


def test_too_large_comes_before_not_json():
    assert decode("purchases", b"\xff" * (LARGEST + 1)).reason == "too_large"


@pytest.mark.parametrize("name", ["event_id", "customer_id", "occurred_at", "type"])
def test_a_common_field_that_is_missing_or_null_is_named(name):
    without = {key: value for key, value in ORDER.items() if key != name}
    for letter in (decode("purchases", json.dumps(without).encode()), order(**{name: None})):
        assert letter.reason == "schema"
        assert letter.detail.startswith(f"{name}: expected")
        assert letter.detail.endswith("got nothing")


def test_the_common_fields_come_before_an_unknown_type_and_that_before_the_rest():
    assert order(type="forwarded", event_id="").detail.startswith("event_id")
    assert order(type="forwarded", campaign_id=5).detail.startswith("campaign_id")
    assert order(type="forwarded", amount=-1).reason == "unknown_type"
    assert order(amount=-1).reason == "schema"


def test_a_type_of_another_topic_is_unknown_and_the_known_ones_are_named():
    assert order(type="sent") == DeadLetter(
        "unknown_type", "type: expected one of ordered, renewed, subscription_started, refunded, cancelled"
    )


def test_a_topic_that_is_no_input_has_no_known_type():
    assert decode("triggers", json.dumps(ORDER).encode()).reason == "unknown_type"


def test_the_last_of_two_equal_keys_counts():
    assert with_end(b',"order_id":"o-2"}').order_id == "o-2"
    assert with_end(b',"type":"refunded"}').action == "purchases.refunded"
    assert with_end(b',"amount":"x"}').reason == "schema"
    assert with_end(b',"amount":null}').reason == "schema"


def test_a_detail_never_repeats_what_the_event_says():
    assert "secret" not in order(currency="secret").detail


def test_the_key_is_the_customer_id_in_utf8():
    event = order(customer_id="é")
    assert check_key(event, "é".encode()) is None
    for wrong in (None, b"", b"c-1", "é".encode("latin-1")):
        assert check_key(event, wrong).reason == "key_mismatch"


def test_five_minutes_ahead_is_not_yet_the_future():
    event = order()
    wall = parse_instant("2026-11-21T09:25:00.000Z")
    assert check_future(event, wall) is None
    letter = check_future(event, wall - 1)
    assert letter.reason == "from_the_future"
    assert "2026-11-21T09:29:59.999Z" in letter.detail


def test_every_type_of_every_topic_has_its_own_action():
    actions = [kind.action for kinds in EVENTS.values() for kind in kinds]
    assert len(actions) == len(set(actions))
    assert all(kind.action.startswith(f"{topic}.") for topic, kinds in EVENTS.items() for kind in kinds)
