"""What each kind of field takes, exactly, and in which words it refuses the rest (CONTRACT 1, B28)."""

import json
from decimal import Decimal

import pytest

from schemas.decode import decode
from schemas.events import CsatAnswered, PageView, ProfileUpdated, TicketEscalated
from tests.unit.schemas.values import COMMON, ORDER, order, page


def test_identifiers_have_1_to_128_characters():
    assert order(event_id="é" * 128).event_id == "é" * 128
    for wrong in ("", "x" * 129, 5, True, ["x"]):
        assert order(customer_id=wrong).detail.startswith("customer_id: expected a string of 1 to 128 characters")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-21T09:30:00.123999Z", 1795253400123),
        ("2026-11-21T10:30:00.123+01:00", 1795253400123),
        ("2026-11-21t09:30:00.1z", 1795253400100),
        ("1969-12-31T23:59:59.9999Z", -1),
        ("0001-01-01T00:00:00Z", -62135596800000),
    ],
)
def test_times_are_read_to_the_millisecond_in_any_offset(text, instant):
    assert page(occurred_at=text).occurred_at == instant


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21T09:30:00", "2026-11-21 09:30:00Z", "2026-11-21", "2026-02-30T00:00:00Z", "2026-11-21T24:00:00Z",
        "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "2026-11-21T09:30:00Z\n", "", 1795253400000, None,
    ],
)  # fmt: skip
def test_what_is_no_time_with_an_offset_is_refused(text):
    letter = page(occurred_at=text)
    assert letter.reason == "schema"
    assert letter.detail.startswith("occurred_at: expected an RFC 3339 time with an offset")


@pytest.mark.parametrize(
    ("amount", "exact"),
    [
        (19.99, "19.99"), ("19.99", "19.99"), (4, "4"), (0, "0"), (-0.0, "0.0"), ("007.50", "7.50"),
        ("123456789012345678901234567890.12", "123456789012345678901234567890.12"),
    ],
)  # fmt: skip
def test_money_is_an_exact_decimal(amount, exact):
    assert str(order(amount=amount).amount) == exact


@pytest.mark.parametrize("text", [b"1e2", b"1.5E1", b"0.10000000000000000000000000001"])
def test_a_json_number_with_an_exponent_or_many_digits_is_exact_too(text):
    value = json.dumps(ORDER).encode().replace(b'"19.99"', text)
    assert decode("purchases", value).amount == Decimal(text.decode())


@pytest.mark.parametrize(
    "amount",
    [
        "-1",
        -1,
        -0.01,
        "NaN",
        "Infinity",
        "1e3",
        "1_000",
        " 5 ",
        "+5",
        "5.",
        ".5",
        "",
        "1,50",
        "１２",
        True,
        [],
        {},
        None,
    ],
)
def test_what_is_no_plain_decimal_of_0_or_more_is_refused(amount):
    letter = order(amount=amount)
    assert letter.reason == "schema"
    assert letter.detail.startswith("amount: expected a plain decimal of 0 or more")


def test_an_amount_beyond_all_sense_is_refused_and_not_computed_with():
    for text in (b"1e999999999", b"1e31", b"1e-31", b"9" * 5000):
        letter = decode("purchases", json.dumps(ORDER).encode().replace(b'"19.99"', text))
        assert letter.reason == "schema"
        assert letter.detail.startswith("amount")


def test_an_amount_beside_a_field_that_looks_like_one_is_still_checked():
    letter = decode("purchases", json.dumps({**ORDER, "amount": "1_0", "x": {"amount": "5"}}).encode())
    assert letter.reason == "schema"
    escaped = json.dumps({**ORDER, "amount": "1_0"}).replace('"amount"', '"\\u0061mount"').encode()
    assert decode("purchases", escaped).reason == "schema"


def test_cancelled_alone_needs_no_amount():
    assert order(type="cancelled", amount=None).amount is None


def test_a_currency_is_three_capital_letters():
    assert order(currency="NOK").currency == "NOK"
    for wrong in ("usd", "US", "USDX", "USD\n", "", 5):
        assert order(currency=wrong).detail.startswith("currency: expected three capital letters")


def survey(score, kind="csat"):
    return decode("surveys", json.dumps({**COMMON, "type": kind, "score": score}).encode())


def test_scores_are_whole_numbers_in_their_range():
    assert survey(4) == survey(4.0)
    assert isinstance(survey(4.0), CsatAnswered)
    assert type(survey(4.0).score) is int
    assert survey(0, "nps").score == 0
    assert survey(10, "nps").score == 10
    for wrong in (0, 6, 4.5, "4", True, None, [4]):
        assert survey(wrong).detail.startswith("score: expected a whole number from 1 to 5")
    for wrong in (-1, 11, 10.5):
        assert survey(wrong, "nps").detail.startswith("score: expected a whole number from 0 to 10")


def test_dwell_is_a_finite_number_of_0_or_more():
    assert page(dwell_seconds=61) == page(dwell_seconds=61.0)
    assert isinstance(page(dwell_seconds=0), PageView)
    assert page(dwell_seconds=None).dwell_seconds is None
    for wrong in (-1, "61", True):
        assert page(dwell_seconds=wrong).detail.startswith("dwell_seconds: expected a number of 0 or more")
    value = json.dumps({**COMMON, "type": "page_view", "url": "/", "dwell_seconds": 5}).encode()
    assert decode("clickstream", value[:-2] + b"1e999}").reason == "schema"


@pytest.mark.parametrize("number", ["1e309", "-1e309", "9" * 309, "-" + "9" * 4_000, "1e999999999999999999"])
def test_a_number_that_no_double_holds_is_told_as_such(number):
    value = json.dumps({**COMMON, "type": "page_view", "url": "/", "dwell_seconds": 5}).encode()
    detail = decode("clickstream", value[:-2] + number.encode() + b"}").detail
    assert detail == "dwell_seconds: expected a number of 0 or more, got a number beyond 1.8e308"


def test_an_optional_field_of_the_wrong_type_is_named():
    assert order(recurring="yes").detail == "recurring: expected true or false, got a string"
    assert order(category=7).detail == "category: expected a string, got a number"
    assert page(title={}).detail == "title: expected a string, got an object"


def test_a_choice_names_what_can_be_chosen():
    ticket = {**COMMON, "type": "created", "ticket_id": "t", "channel": "fax"}
    letter = decode("support-tickets", json.dumps(ticket).encode())
    assert letter.detail == "channel: expected one of chat, email, phone, social, web, got a string"


def test_a_tier_is_text_or_a_whole_number_that_state_can_hold():
    def escalated(tier):
        event = {**COMMON, "type": "escalated", "ticket_id": "t", "tier": tier}
        return decode("support-tickets", json.dumps(event).encode())

    assert isinstance(escalated("two"), TicketEscalated)
    assert escalated(2) == escalated(2.0)
    assert escalated(2**63).reason == "schema"


def profile(attributes):
    return decode("profiles", json.dumps({**COMMON, "type": "updated", "attributes": attributes}).encode())


def test_attributes_are_scalars_and_the_one_that_is_not_is_named():
    assert isinstance(profile({}), ProfileUpdated)
    held = profile({"a": "x", "b": 1, "c": 1.5, "d": True, "e": None, "f": 4.0}).attributes
    assert held == {"a": "x", "b": 1, "c": 1.5, "d": True, "e": None, "f": 4.0}
    assert [type(one) for one in held.values()] == [str, int, float, bool, type(None), float]
    assert profile({"a": 1, "tags": ["x"]}).detail.startswith("attributes.tags: expected")
    assert profile(["a"]).detail == "attributes: expected an object, got a list"
    assert profile(None).reason == "schema"


def test_an_attribute_beyond_64_bits_is_read_as_a_float_so_that_state_can_hold_it():
    assert profile({"a": 2**63 - 1}).attributes == {"a": 2**63 - 1}
    assert profile({"a": 2**70}).attributes == {"a": float(2**70)}
