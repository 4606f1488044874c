"""Comparisons and filters of the policy."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from schemas.decode import decode
from schemas.events import Event
from schemas.policy import Filter, merge
from schemas.times import Instant
from streams.compare import compare, field_of, matches, number_of
from streams.describe import PARTS, customer_line
from streams.plan import plan_of
from tests.story import Story


def made(topic: str, **fields: Any) -> Event:
    """An event with these fields."""
    common = {"event_id": "1", "customer_id": "a", "occurred_at": "2026-01-01T00:00:00Z"}
    found = decode(topic, json.dumps({**common, **fields}).encode())
    assert isinstance(found, Event), found
    return found


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1, 1), (1.5, Decimal("1.5")), ("2.50", Decimal("2.5")), (Decimal(3), 3), (True, None), (False, None),
        ("x", None), ("", None), ("NaN", None), ("Infinity", None), (None, None), ([1], None), (Instant(5), 5),
    ],
)  # fmt: skip
def test_what_is_a_number(value: object, number: object) -> None:
    assert number_of(value) == number


@pytest.mark.parametrize(
    ("value", "operator", "operand", "holds"),
    [
        ("10", "equals", 10, True), (10, "equals", "10.0", True),
        ("a", "equals", "a", True), ("a", "equals", "A", False),
        (True, "equals", True, True), (True, "equals", 1, False),
        (1, "equals", True, False), ("true", "equals", True, False),
        ("a", "not_equals", "b", True), (5, "not_equals", "5", False),
        ("b", "in", ["a", "b"], True), (2, "in", ["2"], True), ("c", "in", [], False),
        ("/pricing/x", "prefix", "/pricing", True), (12, "prefix", "1", False),
        ("abc", "contains", "b", True), (["a", "b"], "contains", "b", True), (["ab"], "contains", "a", False),
        ([{"category": "shoes", "points": 2}], "contains", "shoes", True), (5, "contains", 5, False),
        ("9", "at_least", 10, False), ("10", "at_least", 9, True),
        ("b", "at_least", "a", True), ("a", "at_most", 5, False),
        (5, "at_most", 5, True), (5, "at_least", 5, True), (True, "at_least", 0, False),
        (0, "exists", True, True), ("", "exists", True, True), (0, "exists", False, False),
        (None, "exists", False, True), (None, "exists", True, False), (None, "not_equals", "x", False),
    ],
)  # fmt: skip
def test_each_operator(value: Any, operator: Any, operand: Any, holds: bool) -> None:
    assert compare(value, operator, operand) is holds


def test_times_compare_as_they_are_written() -> None:
    assert compare(Instant(0), "equals", "1970-01-01T00:00:00.000Z")
    assert compare(Instant(0), "at_least", "1969-12-31")
    assert not compare(Instant(0), "at_least", "1970-01-02")


@pytest.mark.parametrize(
    ("event", "name", "value"),
    [
        (made("email", type="sent", message_id="m"), "transactional", False),
        (made("email", type="sent", message_id="m"), "type", "sent"),
        (made("email", type="bounced", message_id="m"), "bounce_kind", "hard"),
        (made("support-tickets", type="created", ticket_id="t", channel="web"), "priority", "normal"),
        (made("purchases", type="cancelled", order_id="o"), "currency", "USD"),
        (made("purchases", type="cancelled", order_id="o"), "amount", None),
        (made("surveys", type="csat", score=3), "currency", None),
        (made("profiles", type="updated", attributes={"country": "DE"}), "attributes.country", "DE"),
        (made("profiles", type="updated", attributes={}), "attributes.country", None),
        (made("surveys", type="csat", score=3), "attributes.country", None),
    ],
)
def test_a_field_of_an_event_has_the_contracts_default(event: Event, name: str, value: object) -> None:
    assert field_of(event, name) == value


@pytest.mark.parametrize(
    ("wanted", "passes"),
    [
        ({"topic": "surveys"}, True), ({"topic": "surveys", "type": "csat"}, True), ({"topic": "email"}, False),
        ({"topic": "surveys", "type": "nps"}, False),
        ({"topic": "surveys", "where": [{"field": "score", "at_most": 3}, {"field": "product", "equals": "x"}]}, False),
        ({"topic": "surveys", "where": [{"field": "product", "exists": False}]}, True),
    ],
)  # fmt: skip
def test_a_filter_takes_topic_type_and_every_comparison(wanted: dict[str, Any], passes: bool) -> None:
    rule = {"name": "r", "when": {"count": wanted, "at_least": 1, "within": "1d"}}
    chosen = merge({"rules": [rule]}).rules[0].when.filter
    assert isinstance(chosen, Filter)
    assert matches(made("surveys", type="csat", score=3), chosen) is passes


def test_a_part_of_a_field_is_what_the_whole_field_says_it_is() -> None:
    story = Story().ordered("1", amount="12.50").mail_unsubscribed("m1")
    policy = merge({})
    ada = story.state("ada")
    line = customer_line(ada, ada.now, policy)
    assert line["contact"]["reasons"] == ["unsubscribed"]
    for (field, name), part in PARTS.items():
        assert part(ada, ada.now, plan_of(policy)) == line[field][name]
