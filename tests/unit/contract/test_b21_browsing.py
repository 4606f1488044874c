"""Appendix B 21 and section 6: product_interest, cart_abandoned, information_gap and the answers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.story import Story


@pytest.mark.parametrize(("last", "fires"), [("7d-1ms", True), ("7d", False)])
def test_b21_product_interest_when_the_views_within_seven_days_become_three(last: str, fires: bool) -> None:
    """B21: the product_views of one product within 7 d become 3."""
    story = Story().product_view().at("1d").product_view()
    assert story.fired("product_interest") == []
    assert story.at(last).product_view().subjects("product_interest") == (["p1"] if fires else [])


@pytest.mark.parametrize(("bought", "fires"), [("-1ms", True), ("0d", False), ("1d", False), ("2d-1ms", False)])
def test_b21_only_views_after_its_last_purchase_count(bought: str, fires: bool) -> None:
    """B21: ... and after its last purchase; the view at the instant of the purchase is not after it."""
    story = Story().at(bought).ordered(product_id="p1").at("0d")
    story.product_view().at("1d").product_view().at("2d").product_view()
    assert bool(story.fired("product_interest")) is fires


def test_b21_a_purchase_of_another_product_does_not_matter() -> None:
    """6: with no purchase of it."""
    story = Story().product_view().product_view().ordered(product_id="p2").ordered().product_view()
    assert story.subjects("product_interest") == ["p1"]


@pytest.mark.parametrize(("again", "firings"), [("9d-1ms", 1), ("9d", 2)])
def test_6_product_interest_rests_for_seven_days_for_each_product(again: str, firings: int) -> None:
    """Appendix A: product_interest cooldown 7d; 6: for the same customer and subject."""
    story = Story()
    for day in ("0d", "1d", "2d"):
        story.at(day).product_view("p1").product_view("p2")
    assert story.subjects("product_interest") == ["p1", "p2"]
    story.at("8d+12h").product_view("p1").at(again).after("-1ms").product_view("p1").at(again).product_view("p1")
    assert len(story.fired("product_interest", "p1")) == (2 if again == "9d" else 1) == firings


@pytest.mark.parametrize("kind", ["add_to_cart", "checkout_started"])
def test_b21_cart_abandoned_an_hour_after_the_last_one(kind: str) -> None:
    """B21: 1 h after the last add_to_cart or checkout_started."""
    story = getattr(Story().add_to_cart().after("30m"), kind)().until("9d")
    assert story.fired("cart_abandoned") == ["1h+30m"]


@pytest.mark.parametrize(("bought", "fires"), [("-1ms", True), ("0s", False), ("59m", False), ("1h", True)])
def test_b21_with_no_purchase_since(bought: str, fires: bool) -> None:
    """B21: with no purchase since; one at the same instant is since it."""
    story = Story()
    if bought == "-1ms":
        story.at(bought).ordered().at("0s").add_to_cart()
    else:
        story.add_to_cart().at(bought).ordered()
    assert bool(story.until("9d").fired("cart_abandoned")) is fires


def test_b21_a_cart_is_abandoned_again_after_another_cart_event() -> None:
    """6: fires on the crossing: another cart, another firing."""
    assert Story().add_to_cart().at("5h").add_to_cart().until("9d").fired("cart_abandoned") == ["1h", "6h"]


@pytest.mark.parametrize(("channel", "fires"), [
    ("phone", True), ("chat", True), ("email", True), ("web", False), ("social", False),
])  # fmt: skip
def test_6_information_gap_by_channel(channel: str, fires: bool) -> None:
    """6: ticket created by phone, chat or email; the subject is the ticket."""
    story = Story().page_view().after("1m").ticket_created("t9", channel=channel)
    assert story.subjects("information_gap") == (["t9"] if fires else [])


@pytest.mark.parametrize(("at", "fires"), [("0m", True), ("30m-1ms", True), ("30m", False)])
def test_6_information_gap_within_thirty_minutes_after_a_page_view(at: str, fires: bool) -> None:
    """6: within 30 min after a page_view of the same customer."""
    story = Story().page_view().at(at).ticket_created(channel="chat").by("bob").ticket_created("t2", channel="chat")
    assert bool(story.fired("information_gap")) is fires
    assert story.fired("information_gap", who="bob") == []


def test_6_information_gap_names_the_last_five_pages() -> None:
    """6: names the last 5 pages, by occurred_at up to the ticket; decided: the latest first."""
    story = Story()
    for number in (1, 2, 3, 5, 6, 7, 4):
        story.at(f"{number}m").page_view(f"/{number}")
    story.at("8m").page_view("/8").at("7m").ticket_created(channel="chat")
    assert [page["url"] for page in story.evidence("information_gap")["pages"]] == ["/7", "/6", "/5", "/4", "/3"]


@pytest.mark.parametrize("kind", ["product_view", "search", "download"])
def test_6_only_a_page_view_makes_an_information_gap(kind: str) -> None:
    """6: after a page_view."""
    assert getattr(Story(), kind)().ticket_created(channel="chat").fired("information_gap") == []


@pytest.mark.parametrize(
    ("kind", "fields", "subject"),
    [("ticket_rated", {"ticket_id": "t9"}, "t9"), ("csat", {"survey_id": "s9"}, "s9"), ("csat", {}, None)],
)
@pytest.mark.parametrize(("score", "fires"), [(1, True), (2, True), (3, False), (4, False), (5, False)])
def test_6_low_satisfaction(kind: str, fields: dict[str, Any], subject: str | None, score: int, fires: bool) -> None:
    """6: rated or csat of 1 or 2; the subject is the ticket or the survey."""
    story = getattr(Story(), kind)(score=score, **fields)
    assert story.subjects("low_satisfaction") == ([subject] if fires else [])


@pytest.mark.parametrize("score", range(11))
def test_6_detractor_and_promoter(score: int) -> None:
    """6: nps 0-6 / 9-10; the subject is the survey."""
    story = Story().nps(score, survey_id="s9")
    assert story.subjects("detractor") == (["s9"] if score <= 6 else [])
    assert story.subjects("promoter") == (["s9"] if score >= 9 else [])
