"""Money and the rhythm of purchases."""

from __future__ import annotations

from decimal import Decimal

import pytest

from schemas.policy import merge
from schemas.times import DAY
from streams import value
from streams.state import Customer, Money, Value
from tests.story import Story


def buyer(*purchases: int) -> Customer:
    """A customer who bought at these instants."""
    kept = Value(orders=len(purchases), purchases=purchases)
    return Customer("ada", 0, 0, 0, value=kept)


@pytest.mark.parametrize(
    ("bought", "orders", "average"),
    [("0.05", 2, "0.02"), ("0.15", 2, "0.08"), ("10", 3, "3.33"), ("20", 3, "6.67"), ("7", 1, "7.00")],
)
def test_the_average_is_half_even(bought: str, orders: int, average: str) -> None:
    assert value.average_order(Money(orders=orders, bought=Decimal(bought))) == Decimal(average)


def test_no_orders_have_no_average() -> None:
    assert value.average_order(Money()) is None


@pytest.mark.parametrize(
    ("amount", "text"), [(None, None), ("1E+3", "1000"), ("0.10", "0.10"), ("-5", "-5"), ("0", "0")]
)
def test_money_is_plain_text(amount: str | None, text: str | None) -> None:
    assert value.money_text(None if amount is None else Decimal(amount)) == text


def test_the_deviation_is_of_the_population() -> None:
    assert value.gap_statistics((0, 10, 30)) == (15, 5)
    assert value.gap_statistics((0, 10)) == (10, 0)
    assert value.gap_statistics((5,)) is None


def test_a_fraction_of_a_millisecond_is_not_over_before_it_is_over() -> None:
    statistics = value.gap_statistics((0, 2 * DAY, 5 * DAY))
    assert statistics is not None
    due = value.overdue_at(buyer(0, 2 * DAY, 5 * DAY), merge({}))
    mean, deviation = statistics
    assert due is not None
    assert due - 1 < 5 * DAY + mean + 2 * deviation <= due


def test_too_few_purchases_are_never_overdue() -> None:
    assert value.overdue_at(buyer(0, DAY), merge({})) is None
    assert value.overdue_at(buyer(), merge({})) is None
    assert value.overdue_at(buyer(0, DAY), merge({"triggers": {"purchase_overdue": {"purchases": 2}}})) == 2 * DAY


@pytest.mark.parametrize(("amount", "tier"), [("99.99", "bronze"), ("100", "silver"), ("1000", "gold")])
def test_tiers_go_by_their_threshold_whatever_their_order_in_the_file(amount: str, tier: str) -> None:
    story = Story({"tiers": {"gold": 1000, "silver": 100, "bronze": 0}}).ordered(amount)
    assert story.line()["value"]["tier"] == tier


def test_a_revenue_below_zero_is_in_the_lowest_tier() -> None:
    assert Story().refunded("10").line()["value"]["tier"] == "bronze"


def test_only_so_many_purchases_are_kept() -> None:
    story = Story().repeat(80, "ordered", every="1h")
    assert len(story.state().value.purchases) == value.PURCHASES_KEPT
    assert story.line()["value"]["orders"] == 80


def test_a_definition_that_asks_for_more_orders_has_them_kept() -> None:
    story = Story({"customer_definitions": {"many": {"orders": 60, "within": "365d"}}})
    story.repeat(60, "ordered", every="1h")
    assert "many" in story.state().definitions


def test_money_of_before_is_not_changed() -> None:
    story = Story().ordered("10")
    before = story.state()
    kept = dict(before.value.money)
    story.ordered("10").refunded("5")
    assert before.value.money == kept
