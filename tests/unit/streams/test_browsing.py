"""What is kept of browsing, and in what space."""

from __future__ import annotations

import pytest

from streams.browsing import PAGES_KEPT, is_blog
from tests.story import Story


@pytest.mark.parametrize(
    ("url", "blog"), [("http://[bad/blog/", False), ("", False), ("/blog", True), ("//blog/", False)]
)
def test_any_text_may_stand_for_a_url(url: str, blog: bool) -> None:
    assert is_blog(url) is blog


def test_pages_are_kept_for_a_while_and_never_more_than_a_few() -> None:
    story = Story().repeat(100, "page_view", every="1s")
    assert len(story.state().browsing.pages) == PAGES_KEPT
    story.at("30d").page_view("/new")
    assert [url for _, url in story.state().browsing.pages][-1] == "/new"
    assert len(story.state().browsing.pages) == story.policy.triggers.information_gap.pages


def test_pages_are_in_order_of_time() -> None:
    story = Story().at("2m").page_view("/b").at("1m").page_view("/a").at("3m").page_view("/c")
    assert [url for _, url in story.state().browsing.pages] == ["/a", "/b", "/c"]


def test_views_of_products_not_viewed_lately_are_let_go() -> None:
    story = Story()
    for number in range(100):
        story.at(f"{number}d").product_view(f"p{number}")
    assert len(story.state().browsing.views) == 7


def test_as_many_views_are_kept_as_the_rule_asks_for() -> None:
    story = Story({"triggers": {"product_interest": {"count": 5}}}).repeat(50, "product_view", every="1m")
    assert len(story.state().browsing.views["p1"]) == 5
    assert story.fired("product_interest") == ["4m"]


def test_an_older_view_than_those_kept_changes_nothing() -> None:
    story = Story().at("1h").repeat(3, "product_view").at("0h").product_view()
    assert story.state().browsing.views["p1"] == (story.zero + 3_600_000,) * 3


def test_interests_that_have_faded_are_let_go() -> None:
    story = Story().product_view(category="old").at("900d").product_view(category="new")
    assert list(story.state().browsing.interests) == ["new"]


def test_a_late_view_adds_what_is_left_of_it() -> None:
    early = Story().product_view(category="c").at("14d").product_view(category="c")
    late = Story().at("14d").product_view(category="c").at("0d").product_view(category="c")
    assert early.line()["interests"] == late.line()["interests"] == [{"category": "c", "points": 3.0}]


def test_categories_with_equal_points_are_in_order_of_name() -> None:
    story = Story()
    for name in "dbca":
        story.product_view(category=name)
    assert [each["category"] for each in story.line()["interests"]] == ["a", "b", "c"]


def test_the_cart_tells_what_was_put_in_last_by_time() -> None:
    story = Story().at("2m").add_to_cart("p2", amount="5.50").at("1m").add_to_cart("p1").until("2h")
    evidence = story.evidence("cart_abandoned")
    assert (evidence["product_id"], evidence["amount"], story.fired("cart_abandoned")) == ("p2", "5.50", ["1h+2m"])
