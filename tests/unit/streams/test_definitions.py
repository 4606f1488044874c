"""Who counts as a customer, also as time passes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.story import Story


def defined(**definition: Any) -> Story:
    """A story with one definition, `it`, beside the default ones."""
    return Story({"customer_definitions": {"it": definition}})


def holds(story: Story) -> bool:
    """Whether `it` holds, as last judged."""
    return "it" in story.state().definitions


@pytest.mark.parametrize(("last", "met"), [("9d-1ms", True), ("9d", False)])
def test_orders_within_a_span_end_when_the_oldest_that_counts_is_too_old(last: str, met: bool) -> None:
    story = defined(orders=2, within="9d").ordered().at("5d").ordered().until(last)
    assert holds(story) is met


def test_a_newer_order_takes_the_place_of_one_that_is_too_old() -> None:
    story = defined(orders=2, within="9d").ordered().at("5d").ordered().at("8d").ordered().until("12d")
    assert holds(story)
    assert not holds(story.until("14d"))


@pytest.mark.parametrize(("amounts", "met"), [(["60", "40"], True), (["60", "39.99"], False), (["200"], True)])
def test_revenue_is_in_the_policys_currency_and_exact(amounts: list[str], met: bool) -> None:
    story = defined(revenue=100).ordered("900", currency="EUR")
    for amount in amounts:
        story.ordered(amount)
    assert holds(story) is met


def test_a_refund_takes_revenue_back() -> None:
    story = defined(revenue=100).ordered("120").refunded("21")
    assert not holds(story)


def test_revenue_within_a_span_forgets_what_is_too_old() -> None:
    story = defined(revenue=100, within="9d").ordered("60").at("5d").ordered("60")
    assert holds(story.until("9d-1ms"))
    assert not holds(story.until("9d"))


def test_orders_and_revenue_must_both_hold() -> None:
    story = defined(revenue=100, orders=2).ordered("500")
    assert not holds(story)
    assert holds(story.ordered("1"))
