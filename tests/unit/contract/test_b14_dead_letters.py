"""Appendix B 14: what is a dead letter, and for which reason."""

from __future__ import annotations

import json

import pytest

from schemas.deadletters import DeadLetter
from schemas.decode import LARGEST, decode
from schemas.events import Event
from tests.replaying import event

DAY1 = "2026-03-01T00:00:00.000Z"
GOOD = event("csat", DAY1, "e1", score=5)
BAD_COMMON = {**GOOD, "event_id": ""}
ORDERED = [
    ("too_large", b"\xff" * (LARGEST + 1)),
    ("not_json", b"\xff"),
    ("schema", json.dumps({**BAD_COMMON, "type": "no such", "score": 99}).encode()),
    ("unknown_type", json.dumps({**GOOD, "type": "no such", "score": 99}).encode()),
    ("schema", json.dumps({**GOOD, "score": 99}).encode()),
]


@pytest.mark.parametrize(("reason", "value"), ORDERED)
def test_b14_dead_letters_are_looked_for_in_this_order(reason: str, value: bytes) -> None:
    """B14: too_large, not_json, schema of the common fields, unknown_type, schema of the rest."""
    found = decode("surveys", value)
    assert isinstance(found, DeadLetter)
    assert found.reason == reason


@pytest.mark.parametrize(("size", "reason"), [(262_144, None), (262_145, "too_large")])
def test_b14_too_large_is_more_than_262144_bytes_without_the_line_end(size: int, reason: str | None) -> None:
    """B14: more than 262,144 bytes without the line end."""
    bare = json.dumps({**GOOD, "comment": ""}).encode()
    value = json.dumps({**GOOD, "comment": "x" * (size - len(bare))}).encode()
    assert len(value) == size
    assert getattr(decode("surveys", value + b"\n"), "reason", None) == reason


@pytest.mark.parametrize(
    "value", [b"\xc3\x28", b"{", b"", b'{"a": NaN}', b'{"a": Infinity}', b'{"a": -Infinity}', b"{} {}"]
)
def test_b14_not_json(value: bytes) -> None:
    """B14: not UTF-8, not JSON, NaN or Infinity."""
    assert getattr(decode("surveys", value), "reason", None) == "not_json"


@pytest.mark.parametrize("value", [b"[]", b"1", b'"x"', b"null", b"true"])
def test_b14_a_value_that_is_not_an_object_is_schema(value: bytes) -> None:
    """B14: a value that is not an object is schema."""
    assert getattr(decode("surveys", value), "reason", None) == "schema"


def test_b14_null_is_the_same_as_absent() -> None:
    """B14: null is the same as absent, for a required field and for an optional one."""
    absent = {name: value for name, value in GOOD.items() if name != "score"}
    assert decode("surveys", json.dumps({**GOOD, "score": None}).encode()) == decode(
        "surveys", json.dumps(absent).encode()
    )
    assert decode("surveys", json.dumps({**GOOD, "comment": None}).encode()) == decode(
        "surveys", json.dumps(GOOD).encode()
    )


@pytest.mark.parametrize(
    ("score", "good"), [(4, True), (4.0, True), (4.5, False), (True, False), ("4", False), (6, False), (0, False)]
)
def test_b14_scores_are_whole_numbers(score: object, good: bool) -> None:
    """B14: scores are whole numbers (4.0 is 4, true is not a number)."""
    found = decode("surveys", json.dumps({**GOOD, "score": score}).encode())
    assert isinstance(found, Event) is good


@pytest.mark.parametrize("field", ["amount", "price", "dwell_seconds"])
@pytest.mark.parametrize(("value", "good"), [(0, True), (0.5, True), (-0.01, False)])
def test_b14_amount_price_and_dwell_are_not_negative(field: str, value: float, good: bool) -> None:
    """B14: amount, price, dwell_seconds are >= 0."""
    kind = {"amount": "add_to_cart", "price": "product_view", "dwell_seconds": "page_view"}[field]
    found = decode("clickstream", json.dumps(event(kind, DAY1, "e1", **{field: value})).encode())
    assert isinstance(found, Event) is good


@pytest.mark.parametrize("field", ["comment", "product", "survey_id", "campaign_id", "source", "session_id"])
def test_b14_an_optional_field_of_the_wrong_type_is_schema(field: str) -> None:
    """B14: an optional field of the wrong type is schema."""
    assert getattr(decode("surveys", json.dumps({**GOOD, field: 5}).encode()), "reason", None) == "schema"
