"""Appendix B 20, 21, 23: money, tiers, thanks, feedback and the rhythm of purchases."""

from __future__ import annotations

from typing import Any

import pytest

from tests.story import Story

BOUGHT = ("ordered", "renewed", "subscription_started")


@pytest.mark.parametrize(("kind", "orders"), [*((kind, 1) for kind in BOUGHT), ("refunded", 0), ("cancelled", 0)])
def test_b20_a_purchase_is_an_ordered_renewed_or_subscription_started(kind: str, orders: int) -> None:
    """B20: a purchase, in every rule and count; orders counts those."""
    story = getattr(Story().add_to_cart(), kind)("100")
    assert story.line()["value"]["orders"] == orders
    story.until("30d")
    assert bool(story.fired("cart_abandoned")) is not bool(orders)
    assert bool(story.fired("thank_you_due")) is bool(story.fired("feedback_due")) is bool(orders)


@pytest.mark.parametrize(
    ("kind", "revenue"),
    [*((kind, "100.10") for kind in BOUGHT), ("refunded", "-100.10"), ("cancelled", "0")],
)
def test_5_revenue(kind: str, revenue: str) -> None:
    """5: revenue = ordered + renewed + subscription_started - refunded (exact decimals)."""
    assert getattr(Story(), kind)("100.10").line()["value"]["revenue"] == revenue


def test_5_revenue_is_exact() -> None:
    """5: exact decimals; B20: money is written as a string."""
    story = Story().repeat(3, "ordered", "0.1").ordered("1234567890.123456789")
    assert story.line()["value"]["revenue"] == "1234567890.423456789"


def test_b20_the_view_and_all_thresholds_use_the_policys_currency_only() -> None:
    """B20: the view and all thresholds use the policy's currency only."""
    story = Story({"currency": "EUR"}).ordered("5000").ordered("7", currency="EUR")
    value = story.line()["value"]
    assert (value["orders"], value["revenue"], value["currency"], value["tier"]) == (1, "7", "EUR", "bronze")
    assert story.fired("spend_threshold") + story.fired("value_tier_changed") == []
    assert value["first_purchase"] == value["last_purchase"] == story.when()


def test_b20_a_purchase_in_any_currency_counts_in_every_other_rule() -> None:
    """B20: a purchase in every rule and count; only the view and the thresholds ask for the currency."""
    story = Story().ordered("5", currency="EUR").ordered("5", currency="JPY")
    assert (story.line()["stage"], story.line()["value"]["orders"]) == ("repeat_customer", 0)


@pytest.mark.parametrize(
    ("amounts", "average"),
    [(["0.01", "0.02"], "0.02"), (["0.02", "0.03"], "0.02"), (["10", "5"], "7.50"), (["1", "1", "2"], "1.33")],
)
def test_b20_average_order_is_rounded_half_even(amounts: list[str], average: str) -> None:
    """B20: average_order = money in / orders rounded half-even to 2 decimals; refunds do not matter."""
    story = Story()
    for amount in amounts:
        story.ordered(amount)
    assert story.refunded("1").line()["value"]["average_order"] == average


def test_b20_average_order_is_null_without_orders() -> None:
    """B20: null without orders."""
    assert Story().refunded("5").line()["value"]["average_order"] is None


def test_b20_recurring_revenue_is_the_formula_over_events_with_recurring_true() -> None:
    """B20: recurring_revenue is the revenue formula over events with recurring true."""
    story = Story().subscription_started("30", recurring=True).renewed("30", recurring=True).ordered("99")
    story.refunded("5", recurring=True).refunded("7").ordered("1", recurring=False)
    assert story.line()["value"]["recurring_revenue"] == "55"


@pytest.mark.parametrize(
    ("amount", "tier", "changed"),
    [("499.99", "bronze", 0), ("500", "silver", 1), ("1999.99", "silver", 1), ("2000", "gold", 1)],
)
def test_5_tiers(amount: str, tier: str, changed: int) -> None:
    """5: bronze from 0, silver from 500, gold from 2000; B23: the tier before any purchase is bronze."""
    story = Story().ordered(amount)
    assert (story.line()["value"]["tier"], len(story.fired("value_tier_changed"))) == (tier, changed)


def test_b23_the_tier_before_any_purchase_is_bronze() -> None:
    """B23: the tier before any purchase is bronze."""
    assert Story().page_view().line()["value"]["tier"] == "bronze"
    assert Story().ordered("600").evidence("value_tier_changed")["from"] == "bronze"


def test_b23_value_tier_changed_fires_at_every_change_either_way() -> None:
    """B23: value_tier_changed fires at every change, either way."""
    story = Story().ordered("2500").after("1h").refunded("2100").after("1h").ordered("100").after("1h").ordered("1")
    assert story.fired("value_tier_changed") == ["0s", "1h", "2h"]


@pytest.mark.parametrize(
    ("amounts", "fired"),
    [
        (["999.99"], []),
        (["1000"], ["1000"]),
        (["999.99", "0.01"], ["1000"]),
        (["2500"], ["2000"]),
        (["1000", "999", "1"], ["1000", "2000"]),
    ],
)
def test_b23_spend_threshold_fires_once_when_revenue_reaches_a_multiple(amounts: list[str], fired: list[str]) -> None:
    """B23: fires once when revenue reaches a multiple of 1000 higher than any reached before."""
    story, found = Story(), []
    for amount in amounts:
        told = len(story.fired("spend_threshold"))
        story.ordered(amount)
        if len(story.fired("spend_threshold")) > told:
            found.append(story.evidence("spend_threshold")["threshold"])
    assert found == fired


def test_b23_a_multiple_that_was_reached_before_is_not_told_again() -> None:
    """B23: a multiple higher than any reached before: not after a refund."""
    story = Story().ordered("1500").refunded("900").ordered("600").after("1h").ordered("800")
    assert story.fired("spend_threshold") == ["0s", "1h"]


@pytest.mark.parametrize("kind", BOUGHT)
def test_b21_thank_you_is_due_a_day_after_the_first_purchase(kind: str) -> None:
    """B21: thank_you_due: 24 h after the first purchase."""
    story = getattr(Story(), kind)().until("24h-1ms")
    assert story.fired("thank_you_due") == []
    assert story.until("99d").fired("thank_you_due") == ["1d"]


def test_b21_and_at_once_at_the_5th_10th_and_15th() -> None:
    """B21: ... and at once at the 5th, 10th, 15th."""
    story = Story().repeat(16, "ordered", every="1h")
    assert story.fired("thank_you_due") == ["4h", "9h", "14h"]
    assert story.until("9d").fired("thank_you_due") == ["4h", "9h", "14h", "1d"]


def test_b21_feedback_is_due_seven_days_after_each_purchase() -> None:
    """B21: feedback_due: 7 d after each purchase (its cooldown is 90 d)."""
    story = Story({"triggers": {"feedback_due": {"cooldown": "0s"}}}).ordered().at("1d").renewed().until("7d-1ms")
    assert story.fired("feedback_due") == []
    assert story.until("99d").fired("feedback_due") == ["7d", "8d"]


@pytest.mark.parametrize(("again", "fired"), [("90d-1ms", ["7d"]), ("90d", ["7d", "97d"])])
def test_6_feedback_due_rests_for_ninety_days(again: str, fired: list[str]) -> None:
    """Appendix A: feedback_due cooldown 90d."""
    assert Story().ordered().at(again).ordered().until("120d").fired("feedback_due") == fired


@pytest.mark.parametrize(
    ("kind", "fields", "blocks"),
    [
        ("csat", {"score": 3}, True),
        ("nps", {"score": 8}, True),
        ("ticket_rated", {"score": 3}, True),
        ("page_view", {}, False),
    ],
)
@pytest.mark.parametrize(("at", "inside"), [("-83d", False), ("-83d+1ms", True), ("7d-1ms", True), ("7d", False)])
def test_b21_not_when_an_answer_occurred_within_ninety_days_before_that_instant(
    kind: str, fields: dict[str, Any], blocks: bool, at: str, inside: bool
) -> None:
    """B21: when no csat, nps or rated occurred within 90 d before that instant.

    An answer at the very instant comes after the timer (B1).
    """
    story = Story()
    if at.startswith("-"):
        getattr(story.at(at), kind)(**fields)
    story.at("0d").ordered()
    if not at.startswith("-"):
        getattr(story.at(at), kind)(**fields)
    assert bool(story.until("8d").fired("feedback_due")) is not (blocks and inside)


@pytest.mark.parametrize(
    ("kind", "fired"), [("ticket_solved", ["7d"]), ("ticket_closed", ["7d"]), ("ticket_rated", [])]
)
def test_b21_feedback_is_due_seven_days_after_each_change_to_solved(kind: str, fired: list[str]) -> None:
    """B21: ... and each change to solved."""
    story = getattr(Story().at("-1d").ticket_created().at("0d"), kind)()
    assert story.until("30d").fired("feedback_due") == fired


@pytest.mark.parametrize(("at", "fired"), [("7d-1ms", []), ("7d", ["7d"])])
def test_b21_only_if_the_ticket_is_then_still_solved(at: str, fired: list[str]) -> None:
    """B21: (if the ticket is then still solved)."""
    assert Story().ticket_solved().at(at).ticket_reopened().until("30d").fired("feedback_due") == fired


def rhythm(*days: str) -> Story:
    """Purchases on these days, without other triggers of theirs."""
    story = Story()
    for day in days:
        story.at(day).ordered()
    return story


def test_b23_purchase_overdue_after_the_mean_and_two_standard_deviations() -> None:
    """B23: population standard deviation; gaps of 10 d and 20 d: mean 15 d, deviation 5 d; due 25 d after the last."""
    story = rhythm("0d", "10d", "30d").until("55d-1ms")
    assert story.fired("purchase_overdue") == []
    assert story.until("99d").fired("purchase_overdue") == ["55d"]


def test_b23_at_least_a_day() -> None:
    """B23: due = last purchase + max(1 d, mean + 2 sd)."""
    assert rhythm("0h", "1h", "2h").until("9d").fired("purchase_overdue") == ["1d+2h"]


def test_6_two_purchases_are_too_few() -> None:
    """6: 3 or more purchases."""
    assert rhythm("0d", "10d").until("900d").fired("purchase_overdue") == []


def test_b23_the_latest_fifty_purchases_count_of_any_currency_in_order_of_time() -> None:
    """B23: over the latest 50 purchases of any currency in order of occurred_at."""
    story = Story().ordered().at("1000d")
    for number in range(50):
        story.at(f"{1000 + number}d")
        story.ordered(currency=("EUR", "USD")[number % 2])
    assert story.until("1050d").fired("purchase_overdue", None) == ["1050d"]
    disordered = rhythm("0d", "30d", "10d").until("99d")
    assert disordered.fired("purchase_overdue") == ["55d"]


def test_b23_purchase_overdue_once_per_last_purchase() -> None:
    """B23: once per last purchase: a late purchase that is not the last starts it no second time."""
    story = rhythm("0d", "10d", "20d").until("40d").at("5d").ordered().until("99d")
    assert story.fired("purchase_overdue") == ["30d"]
    assert story.at("99d").ordered().until("900d").fired("purchase_overdue")[0] == "30d"
    assert len(story.fired("purchase_overdue")) == 2
