"""Ids of what leaves: the same for the same cause, and never the same for two."""

from __future__ import annotations

import pytest

from tests.story import Story


def ids(story: Story) -> list[str]:
    return [emission.id for emission in (*story.triggers, *story.score_changes)]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_copy_after_the_window_of_duplicates_has_ids_of_its_own(count: int) -> None:
    story = Story({"dedup_window": "1h", "triggers": {"low_satisfaction": {"cooldown": "0s"}}})
    for number in range(count):
        story.at("0h").csat(1, event_id="e1", survey_id="s").after(f"{number + 1}h").page_view(event_id=f"p{number}")
    found = ids(story)
    assert len(found) == len(set(found)) >= count


def test_the_same_history_gives_the_same_ids() -> None:
    def told() -> list[str]:
        return ids(Story().form_submit(event_id="a").after("1h").ordered(event_id="b", order_id="o").until("9d"))

    assert told() == told() != []


def test_late_events_of_one_instant_that_each_run_a_timer_have_ids_of_their_own() -> None:
    story = Story().at("3h").page_view(event_id="now")
    story.at("1h").add_to_cart(event_id="cart").at("1h").checkout_started(event_id="checkout")
    found = [firing.id for firing in story.triggers if firing.trigger == "cart_abandoned"]
    assert len(set(found)) == len(found) == 2
