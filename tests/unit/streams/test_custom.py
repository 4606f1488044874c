"""Custom rules keep little and answer exactly."""

from __future__ import annotations

from typing import Any

from tests.opinion import unlike_reference
from tests.story import Story


def ruled(when: dict[str, Any], **more: Any) -> Story:
    """A story under one custom rule named `watch`."""
    return Story({"rules": [{"name": "watch", "when": when, **more}]})


VIEWS = {"count": {"topic": "clickstream", "type": "page_view"}, "at_least": 3, "within": "7d"}
SPENT = {"sum": {"topic": "purchases", "field": "amount"}, "at_least": 100, "within": "7d"}
URLS = {"distinct": {"topic": "clickstream", "type": "page_view", "field": "url"}, "at_least": 3, "within": "7d"}


def kept(story: Story) -> int:
    """How many entries the rule keeps."""
    return sum(len(entries) for entries in story.state().rules["watch"].values())


def test_a_count_keeps_no_more_than_it_asks_for() -> None:
    assert kept(ruled(VIEWS).repeat(50, "page_view", every="1m")) == 3


def test_a_sum_keeps_the_newest_that_suffice() -> None:
    story = ruled(SPENT).repeat(50, "ordered", "40", every="1m")
    assert kept(story) == 3
    assert story.fired("watch") == ["2m"]


def test_a_sum_leaves_out_what_is_nothing() -> None:
    story = ruled(SPENT).repeat(50, "ordered", "0").cancelled(amount=None)
    assert "watch" not in story.state().rules


def test_distinct_keeps_the_latest_of_each_value() -> None:
    story = ruled(URLS).page_view("/a").at("6d").page_view("/a").at("7d").page_view("/b").page_view("/c")
    assert story.fired("watch") == ["7d"]
    assert kept(story) == 3


def test_values_that_have_passed_are_let_go() -> None:
    story = ruled(VIEWS, subject="url")
    for day in range(60):
        story.at(f"{day}d").page_view(f"/{day}")
    assert len(story.state().rules["watch"]) == 7


def test_a_late_event_is_counted_where_it_belongs() -> None:
    story = ruled(VIEWS).page_view().at("6d").page_view().at("7d").csat().at("3d").page_view()
    assert story.fired("watch") == []
    story = ruled(VIEWS).at("1d").page_view().at("6d").page_view().at("7d").csat().at("3d").page_view()
    assert story.fired("watch") == ["7d"]


def test_an_event_without_the_subject_is_not_counted() -> None:
    story = ruled({"count": {"topic": "purchases"}, "at_least": 1, "within": "7d"}, subject="product_id")
    assert story.ordered().fired("watch") == []
    assert story.ordered(product_id="p").subjects("watch") == ["p"]


def test_unless_without_the_subject_counts_for_every_subject() -> None:
    unless = {"count": {"topic": "surveys"}, "at_least": 1, "within": "7d"}
    views = {"count": {"topic": "clickstream", "type": "product_view"}, "at_least": 1, "within": "7d"}
    story = ruled(views, unless=unless, subject="product_id").csat().product_view("p1").product_view("p2")
    assert story.fired("watch") == []


@unlike_reference
def test_unless_is_of_the_same_subject_when_it_has_one() -> None:
    """Decided: B35 counts each value of the subject by itself, in `unless` as in `when`."""
    unless = {"count": {"topic": "purchases"}, "at_least": 1, "within": "7d"}
    views = {"count": {"topic": "clickstream", "type": "product_view"}, "at_least": 1, "within": "7d"}
    story = ruled(views, unless=unless, subject="product_id").ordered(product_id="p1").product_view("p1")
    assert story.product_view("p2").subjects("watch") == ["p2"]


def test_an_event_that_only_ends_unless_by_time_does_not_fire() -> None:
    unless = {"count": {"topic": "purchases"}, "at_least": 1, "within": "1d"}
    story = ruled({**VIEWS, "at_least": 1}, unless=unless).ordered().page_view().until("5d").csat()
    assert story.fired("watch") == []


def test_a_rule_that_is_off_keeps_nothing() -> None:
    story = ruled(VIEWS, enabled=False).repeat(5, "page_view")
    assert (story.fired("watch"), story.state().rules) == ([], {})


@unlike_reference
def test_an_absence_has_its_own_subject() -> None:
    """Decided: B35 counts each value of the subject by itself, also of an absence."""
    story = ruled({"absence": {"topic": "clickstream", "type": "product_view"}, "for": "1d",
                   "since": {"topic": "purchases", "type": "ordered"}}, subject="product_id")  # fmt: skip
    story.ordered(product_id="p1").ordered(product_id="p2").ordered().after("1h").product_view("p1").until("9d")
    assert (story.fired("watch"), story.subjects("watch")) == (["1d"], ["p2"])


def test_an_absence_is_called_off_by_unless_at_the_end() -> None:
    story = ruled({"absence": {"topic": "clickstream"}, "for": "3d", "since": {"topic": "purchases"}},
                  unless={"count": {"topic": "surveys"}, "at_least": 1, "within": "1d"})  # fmt: skip
    story.ordered().at("2d").csat().at("10d").ordered().at("12d+1ms").csat().until("90d")
    assert story.fired("watch") == ["3d"]


def test_the_events_that_made_a_rule_fire_are_its_evidence() -> None:
    story = ruled(SPENT).ordered("60").after("1h").ordered("50")
    assert story.evidence("watch")["events"] == [
        {"at": "2026-03-02T00:00:00.000Z", "value": "60"}, {"at": "2026-03-02T01:00:00.000Z", "value": "50"},
    ]  # fmt: skip


@unlike_reference
def test_a_timer_of_a_rule_that_is_gone_is_let_go() -> None:
    """The policy was changed under the state, which the reference cannot tell."""
    story = ruled({"absence": {"topic": "clickstream"}, "for": "3d", "since": {"topic": "purchases"}}).ordered()
    other = Story()
    other.store["ada"] = story.state()
    other.lane.arm("ada", story.state().next_due)
    assert other.until("5d").fired("watch") == []
    assert not [name for name in other.state().timers if name.startswith("watch")]
