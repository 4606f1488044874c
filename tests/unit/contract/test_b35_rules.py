"""Appendix B 35, 37 and Appendix A: conditions, custom rules, and what a policy may not say."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.policy import PolicyError, merge
from tests.opinion import unlike_reference
from tests.story import Story

VIEWS = {"count": {"topic": "clickstream", "type": "page_view"}, "at_least": 2, "within": "7d"}


def ruled(when: dict[str, Any], **more: Any) -> Story:
    """A story under one custom rule named `watch`."""
    return Story({"rules": [{"name": "watch", "when": when, **more}]})


def in_segment(condition: dict[str, Any], **attributes: Any) -> bool:
    """Whether a customer with these attributes is in a segment of this condition."""
    return bool(Story({"segments": {"s": condition}}).updated(**attributes).line()["segments"])


@pytest.mark.parametrize(
    ("operator", "operand"),
    [
        ("equals", "x"), ("not_equals", "x"), ("in", ["x"]), ("prefix", "x"), ("contains", "x"),
        ("at_least", 1), ("at_most", 1), ("exists", True),
    ],
)  # fmt: skip
def test_b35_a_null_value_satisfies_only_exists_false(operator: str, operand: object) -> None:
    """B35: a null value satisfies only `exists: false`."""
    assert not in_segment({"attribute": "nothing", operator: operand}, country="DE")
    assert in_segment({"attribute": "nothing", "exists": False}, country="DE")


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"equals": 10}, True), ({"equals": "10.0"}, True), ({"at_least": 9}, True), ({"at_most": "9"}, False),
        ({"in": [1, 10]}, True), ({"not_equals": 10}, False), ({"equals": "ten"}, False),
    ],
)  # fmt: skip
def test_b35_strings_that_are_numbers_compare_as_numbers(condition: dict[str, Any], holds: bool) -> None:
    """B35: strings that are numbers compare as numbers."""
    assert in_segment({"attribute": "company_size", **condition}, company_size="10") is holds


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"attribute": "country", "equals": "DE"}, True),
        ({"attribute": "country", "equals": "de"}, False),
        ({"attribute": "country", "not_equals": "FR"}, True),
        ({"attribute": "country", "in": ["FR", "DE"]}, True),
        ({"attribute": "country", "prefix": "D"}, True),
        ({"attribute": "country", "contains": "E"}, True),
        ({"attribute": "country", "exists": True}, True),
        ({"attribute": "marketing_consent", "equals": True}, True),
        ({"attribute": "size", "at_least": 5}, True),
        ({"attribute": "size", "at_most": 5}, True),
        ({"attribute": "size", "at_most": 4.9}, False),
        ({"state": "contact.allowed", "equals": True}, True),
        ({"state": "level", "equals": "low"}, True),
        ({"state": "value.revenue", "at_most": 0}, True),
        ({"all": [{"attribute": "country", "equals": "DE"}, {"attribute": "size", "at_least": 6}]}, False),
        ({"any": [{"attribute": "country", "equals": "DE"}, {"attribute": "size", "at_least": 6}]}, True),
        ({"not": {"attribute": "country", "equals": "DE"}}, False),
    ],
)
def test_a_conditions(condition: dict[str, Any], holds: bool) -> None:
    """Appendix A: {attribute, OP}, {state, OP}, {all}, {any}, {not} and each OP."""
    assert in_segment(condition, country="DE", size=5, marketing_consent=True) is holds


@pytest.mark.parametrize(("second", "fires"), [("7d-1ms", True), ("7d", False)])
def test_a_count_over_a_window(second: str, fires: bool) -> None:
    """6: count of events with a filter, over a window."""
    story = ruled(VIEWS).page_view().product_view().at(second).page_view()
    assert bool(story.fired("watch")) is fires


def test_a_sum_and_distinct() -> None:
    """6: sum, distinct."""
    big = {"sum": {"topic": "purchases", "type": "ordered", "field": "amount"}, "at_least": 500, "within": "30d"}
    story = ruled(big).ordered("499.99").renewed("500").after("1h").ordered("0.01").after("1h").ordered("9")
    assert story.fired("watch") == ["1h"]
    wide = {"distinct": {"topic": "clickstream", "type": "page_view", "field": "url"}, "at_least": 3, "within": "1d"}
    story = ruled(wide).page_view("/a").page_view("/b").page_view("/a").after("1h").page_view("/c").page_view("/d")
    assert story.fired("watch") == ["1h"]


def test_a_filters_compare_fields() -> None:
    """6: with a filter (topic, type, field comparisons, prefix)."""
    where = [{"field": "url", "prefix": "/pricing"}, {"field": "dwell_seconds", "at_least": 30}]
    when = {"count": {"topic": "clickstream", "type": "page_view", "where": where}, "at_least": 1, "within": "1d"}
    story = ruled(when).page_view("/pricing", dwell_seconds=29).page_view("/", dwell_seconds=30).page_view("/pricing")
    assert story.fired("watch") == []
    assert story.after("1h").page_view("/pricing/b", dwell_seconds=30).fired("watch") == ["1h"]


@pytest.mark.parametrize(("bought", "fires"), [("0d", True), ("1d", False)])
def test_b35_a_rule_holds_when_when_holds_and_unless_does_not(bought: str, fires: bool) -> None:
    """B35: a rule holds when `when` holds and `unless` does not."""
    unless = {"count": {"topic": "purchases"}, "at_least": 1, "within": "7d"}
    story = ruled(VIEWS, unless=unless).at(bought).ordered().at("1d").page_view().at("7d").page_view()
    assert bool(story.fired("watch")) is fires


def test_6_a_custom_rule_fires_on_the_crossing_and_cools_down() -> None:
    """6: a rule fires on the crossing; cooldown: no second firing within it."""
    assert ruled(VIEWS).repeat(6, "page_view", every="1h").fired("watch") == ["1h"]
    story = ruled({**VIEWS, "within": "1h"}, cooldown="1d").page_view().page_view().at("5h").page_view().page_view()
    assert story.at("1d").page_view().page_view().fired("watch") == ["0s", "1d"]


def test_b35_absence_fires_when_no_event_of_the_filter_occurred_since() -> None:
    """B35: every `since` event sets a timer."""
    absence = {"absence": {"topic": "clickstream"}, "for": "3d", "since": {"topic": "purchases", "type": "ordered"}}
    story = ruled(absence).ordered().at("1d").ordered().until("3d-1ms")
    assert story.fired("watch") == []
    assert story.until("30d").fired("watch") == ["3d", "4d"]


@pytest.mark.parametrize(("at", "fires"), [("-1ms", True), ("0d", False), ("3d-1ms", False), ("3d", True)])
def test_b35_absence_looks_at_since_to_since_plus_for(at: str, fires: bool) -> None:
    """B35: no event of the filter occurred in [since, since + for)."""
    absence = {"absence": {"topic": "clickstream"}, "for": "3d", "since": {"topic": "purchases", "type": "ordered"}}
    story = ruled(absence)
    if at == "-1ms":
        story.at(at).page_view().at("0d").ordered()
    else:
        story.ordered().at(at).page_view()
    assert bool(story.until("9d").fired("watch")) is fires


@pytest.mark.parametrize("kinds", [("page_view", "ordered"), ("ordered", "page_view")])
def test_b35_an_event_at_the_instant_of_since_breaks_an_absence_whichever_comes_first(kinds: tuple[str, str]) -> None:
    """B35: [since, since + for) holds its beginning, and the order of arrival does not matter (1)."""
    story = ruled({"absence": {"topic": "clickstream"}, "for": "3d", "since": {"topic": "purchases"}})
    for kind in kinds:
        getattr(story, kind)()
    assert story.until("9d").fired("watch") == []


@unlike_reference
def test_b35_a_since_event_that_the_filter_matches_does_not_break_its_own_absence() -> None:
    """B35: decided: what began the wait does not end it, though it occurred in [since, since + for).

    To the letter, as the reference has it, such a rule could never fire.
    """
    when = {"absence": {"topic": "clickstream"}, "for": "3d", "since": {"topic": "clickstream", "type": "form_submit"}}
    assert ruled(when).form_submit().at("1d").form_submit().until("9d").fired("watch") == ["4d"]


def test_b35_a_late_event_also_breaks_an_absence() -> None:
    """B4, B35: a late event is put where its occurred_at belongs; one known before a late `since` as well."""
    absence = {"absence": {"topic": "clickstream"}, "for": "3d", "since": {"topic": "purchases", "type": "ordered"}}
    story = ruled(absence).ordered().at("2d").csat().at("1d").page_view().until("9d")
    assert story.fired("watch") == []
    story = ruled(absence).at("2d").page_view().at("1d").ordered().until("9d")
    assert story.fired("watch") == []


def test_b35_a_rules_subject_names_a_field_each_of_whose_values_is_counted_by_itself() -> None:
    """B35: a rule's `subject` names a field: each of its values is counted by itself."""
    story = ruled(VIEWS, subject="url", cooldown="9d").page_view("/a").page_view("/b").after("1h").page_view("/b")
    assert (story.fired("watch"), story.subjects("watch")) == (["1h"], ["/b"])
    assert story.page_view("/a").subjects("watch") == ["/b", "/a"]


@pytest.mark.parametrize(
    "name", ["stage_changed", "value_tier_changed", "role_changed", "segment_entered", "segment_left"]
)
def test_b37_these_take_no_cooldown(name: str) -> None:
    """B37: a policy that gives them one is invalid; they can be switched off."""
    with pytest.raises(PolicyError, match=name):
        merge({"triggers": {name: {"cooldown": "1d"}}})
    assert merge({"triggers": {name: {"enabled": False}}}).version == "1"


def test_6_a_trigger_can_be_switched_off() -> None:
    """6: each rule has: on/off."""
    off = {"triggers": {"low_satisfaction": {"enabled": False}, "stage_changed": {"enabled": False}}}
    assert Story(off).csat(1).form_submit().triggers == []


def test_a_lists_are_replaced_and_objects_merged() -> None:
    """Appendix A: merged over these defaults key by key (objects deep, lists and scalars replaced)."""
    policy = merge({"roles": {"decision_maker": ["boss"]}, "score": {"levels": {"medium": 40}}})
    assert (policy.roles.decision_maker, policy.roles.champion.count) == (("boss",), 10)
    assert (policy.score.levels.medium, policy.score.levels.high) == (40, 76)


@pytest.mark.parametrize("key", ["scores", "score.half_lifes", "triggers.going_loud", "triggers.going_quiet.with"])
def test_a_a_key_that_is_not_there_makes_the_policy_invalid(key: str) -> None:
    """Appendix A: a key that is not here makes the policy invalid."""
    given: dict[str, Any] = {}
    *path, last = key.split(".")
    inner = given
    for name in path:
        inner = inner.setdefault(name, {})
    inner[last] = 1
    with pytest.raises(PolicyError, match=last):
        merge(given)
