"""When each part of a customer's state is let go; the page deploy/state.md names these tests."""

from __future__ import annotations

from streams.figures.campaigns import KEPT_FOR
from streams.measures import DAYS_KEPT
from streams.state import Customer
from tests.story import Story


def of(story: Story) -> Customer:
    """The customer of the story."""
    state = story.store.get("ada")
    assert isinstance(state, Customer)
    return state


def test_ids_for_duplicates_go_also_when_nothing_more_is_heard() -> None:
    story = Story()
    for number in range(100):
        story.at(f"{number}s").add_to_cart(event_id=f"e{number}")
    assert sum(map(len, of(story).seen.values())) == 100
    assert sum(map(len, of(story.until("2h")).seen.values())) == 100
    assert of(story.until("15d")).seen == {}


def test_a_day_of_what_was_counted_goes_when_so_many_later_days_were_counted() -> None:
    story = Story()
    for day in range(3 * DAYS_KEPT):
        story.at(f"{day}d").ordered(order_id=f"o{day}")
    assert len(of(story).counted) == DAYS_KEPT
    assert min(of(story).counted) == story.zero // 86_400_000 + 2 * DAYS_KEPT


def test_answers_to_campaigns_go_after_four_hundred_days_and_many_campaigns() -> None:
    story = Story()
    for week in range(160):
        name = f"m{week}"
        story.at(f"{week * 7}d").mail_sent(name, campaign_id=f"k{week}").after("1h").mail_opened(name)
    kept = of(story).campaigns
    assert len(kept) <= KEPT_FOR // 7 + 8
    assert "k159" in kept
    assert "k0" not in kept


def test_a_cooldown_that_is_over_goes_with_the_next_firing() -> None:
    rule = {
        "name": "looked",
        "when": {"count": {"topic": "clickstream", "type": "page_view"}, "at_least": 1, "within": "1h"},
        "subject": "url", "cooldown": "2d",
    }  # fmt: skip
    story = Story({"rules": [rule]})
    for hour in range(0, 24 * 30, 12):
        story.at(f"{hour}h").page_view(f"/{hour}")
    assert 0 < len(of(story).cooldowns) <= 5


def test_what_a_rule_counts_goes_when_its_window_has_passed() -> None:
    rule = {
        "name": "looked",
        "when": {"count": {"topic": "clickstream", "type": "page_view"}, "at_least": 9, "within": "2d"},
        "subject": "url",
    }  # fmt: skip
    story = Story({"rules": [rule]})
    for hour in range(0, 24 * 30, 12):
        story.at(f"{hour}h").page_view(f"/{hour}")
    assert 0 < len(of(story).rules["looked"]) <= 5


def test_a_timer_of_a_rule_that_is_gone_goes_when_it_is_due() -> None:
    absence = {"absence": {"topic": "purchases"}, "for": "3d", "since": {"topic": "clickstream", "type": "search"}}
    story = Story({"rules": [{"name": "searched_only", "when": absence}]}).search()
    assert any(name.startswith("searched_only") for name in of(story).timers)
    story.lane.policy = Story().policy
    story.until("3d")
    assert not any(name.startswith("searched_only") for name in of(story).timers)
    assert story.fired("searched_only") == []


def test_a_purchase_of_a_product_goes_when_its_views_can_count_no_more() -> None:
    story = Story()
    for day in range(40):
        story.at(f"{day}d").ordered(order_id=f"o{day}", product_id=f"p{day}")
    assert len(of(story).value.bought) <= 7


def test_an_attribute_stays_as_the_latest_one_that_was_said() -> None:
    story = Story()
    for day in range(40):
        story.at(f"{day}d").updated(country=f"c{day}")
    assert {name: known.value for name, known in of(story).profile.items()} == {"country": "c39"}
