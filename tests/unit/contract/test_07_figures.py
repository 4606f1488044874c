"""Section 7: figures across customers, by product, channel, stage, campaign and acquisition source."""

from __future__ import annotations

from typing import Any

import pytest

from tests.story import Story


def total(story: Story) -> dict[str, Any]:
    """The figures in total."""
    found: dict[str, Any] = story.kpis()["total"]
    return found


def test_7_the_funnel_counts_customers_that_reached_each_stage() -> None:
    """7: customers that reached each stage; 5: a later stage implies the earlier ones."""
    story = Story().page_view().by("bob").form_submit().by("cid").ordered().renewed()
    assert total(story)["funnel"] == {
        "subscriber": 3, "lead": 2, "qualified": 1, "opportunity": 1, "customer": 1, "repeat_customer": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "orders", "met"),
    [
        ("2000", 1, {"any", "high_value", "recent"}),
        ("1", 3, {"any", "recent", "frequent"}),
        ("1999.99", 1, {"any", "recent"}),
    ],
)
def test_7_conversion_under_each_customer_definition_over_leads(amount: str, orders: int, met: set[str]) -> None:
    """7: any, high-value: revenue >= 2000, recent: order within 90 d, frequent: 3 orders within 365 d, over leads."""
    story = Story().by("lead").form_submit().by("ada").repeat(orders, "ordered", amount)
    expected = {name: 50.0 if name in met else 0.0 for name in ("any", "high_value", "recent", "frequent")}
    assert total(story)["conversion"] == expected


@pytest.mark.parametrize(("at", "recent"), [("90d-1ms", 100.0), ("90d", 0.0)])
def test_7_a_customer_is_recent_for_ninety_days(at: str, recent: float) -> None:
    """7: recent: order within 90 d, also when time alone passes."""
    assert total(Story().ordered().until(at))["conversion"]["recent"] == recent


def test_7_campaigns() -> None:
    """7: messages sent, unique openers, clickers, unsubscribes, direct and influenced responders: by campaign."""
    story = Story()
    for who in ("ada", "bob", "cid", "dan"):
        story.by(who).mail_sent(f"{who}1", campaign_id="spring").mail_sent(f"{who}2", campaign_id="spring")
    story.after("1h")
    story.by("ada").mail_opened("ada1").mail_opened("ada2").mail_clicked("ada2").after("1h").form_submit()
    story.by("bob").mail_opened("bob1").form_submit()
    story.by("cid").mail_unsubscribed("cid1")
    campaign = total(story)["by"]["campaign"]["spring"]
    names = ("sent", "openers", "clickers", "unsubscribes", "direct", "influenced")
    assert [campaign[name] for name in names] == [8, 2, 1, 1, 1, 1]


def test_7_levels_roles_and_segments_are_of_customers_now() -> None:
    """7: customers by level, by role, by segment."""
    story = Story({"segments": {"german": {"attribute": "country", "equals": "DE"}}})
    story.repeat(2, "ordered").by("bob").updated(country="DE", job_title="CEO").by("cid").updated(country="DE")
    found = total(story)
    assert (found["levels"]["medium"], found["levels"]["low"]) == (1, 2)
    assert (found["roles"]["decision_maker"], found["segments"]["german"]) == (1, 2)


def test_7_revenue_orders_and_recurring_revenue() -> None:
    """7: revenue, orders, recurring revenue; by currency and as text (10, B20)."""
    story = Story().ordered("10.50").by("bob").renewed("5", currency="EUR", recurring=True).refunded("0.25")
    found = total(story)
    assert (found["revenue"], found["orders"]) == ({"EUR": "5", "USD": "10.25"}, 2)


def test_7_by_acquisition_source() -> None:
    """7: leads, customers and mean score by acquisition_source."""
    story = (
        Story().updated(acquisition_source="ads").ordered().by("bob").updated(acquisition_source="ads").form_submit()
    )
    figures = total(story)["by"]["acquisition_source"]["ads"]
    assert (figures["funnel"]["lead"], figures["funnel"]["customer"]) == (2, 1)


def test_7_overdue_tickets() -> None:
    """7: overdue: overall, by product, by channel, by stage."""
    story = Story().ticket_created(product="crm", channel="chat").until("72h")
    by = total(story)["by"]
    for figures in (total(story), by["product"]["crm"], by["channel"]["chat"], by["stage"]["subscriber"]):
        tickets = figures["tickets"]
        assert (tickets["first_reply_overdue"], tickets["resolution_overdue"]) == (1, 1)


def test_7_per_day_and_in_total() -> None:
    """7: per day and in total; a figure counts on the day of the event's occurred_at."""
    story = Story().ordered("1").at("1d").ordered("2").at("0d").ordered("4")
    kpis = story.kpis()
    assert {day: figures["revenue"] for day, figures in kpis["by_day"].items()} == {
        "2026-03-02": {"USD": "5"}, "2026-03-03": {"USD": "2"},
    }  # fmt: skip
    assert kpis["total"]["revenue"] == {"USD": "7"}
