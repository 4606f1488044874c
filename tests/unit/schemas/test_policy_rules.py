"""Rules and conditions of a policy become structs, and a wrong one is refused by its place (CONTRACT, Appendix A)."""

from decimal import Decimal

import pytest

from schemas.policy import (
    Absence,
    All,
    Any,
    Compare,
    Count,
    Distinct,
    FieldTest,
    Filter,
    Not,
    Sum,
    merge,
)
from schemas.times import DAY
from tests.unit.schemas.policies import from_text, refusal

ONE_VIEW = {"count": {"topic": "clickstream"}, "at_least": 1, "within": "1d"}


def segment(condition):
    return merge({"segments": {"s": condition}}).segments["s"]


def test_conditions_become_structs():
    assert segment({"attribute": "country", "equals": "NO"}) == Compare("attribute", ("country",), "equals", "NO")
    assert segment({"state": "value.orders", "at_least": 2}) == Compare("state", ("value", "orders"), "at_least", 2)
    both = {"all": [{"attribute": "a", "exists": True}, {"not": {"any": [{"state": "score", "at_most": 5}]}}]}
    assert segment(both) == All(
        (Compare("attribute", ("a",), "exists", True), Not(Any((Compare("state", ("score",), "at_most", 5),))))
    )


def test_an_attribute_may_have_any_name():
    assert segment({"attribute": "plan.name", "prefix": "pro"}).path == ("plan.name",)


@pytest.mark.parametrize(
    ("condition", "line"),
    [
        ("vip", "policy: segments.s: expected a condition (an object), got 'vip'"),
        ({}, "policy: segments.s: expected exactly one of attribute, state, all, any, not, got none"),
        (
            {"attribute": "a", "state": "score", "equals": 1},
            "policy: segments.s: expected exactly one of attribute, state, all, any, not, got attribute, state",
        ),
        (
            {"attribute": "a"},
            "policy: segments.s: expected exactly one of equals, not_equals, in, prefix, contains, at_least, at_most, "
            "exists, got none",
        ),
        ({"attribute": "a", "equals": 1, "in": [1]}, "policy: segments.s: expected exactly one of equals, not_equals,"),
        ({"attribute": "a", "eqals": 1}, "policy: segments.s.eqals: unknown key; did you mean equals?"),
        ({"attribute": "a", "equals": None}, "policy: segments.s.equals: expected a string, a number, true or false"),
        ({"attribute": "a", "in": "NO"}, "policy: segments.s.in: expected a list of values, got 'NO'"),
        ({"attribute": "a", "in": []}, "policy: segments.s.in: expected a list of values, got a list"),
        ({"attribute": "a", "in": ["NO", None]}, "policy: segments.s.in[1]: expected a string, a number, true or fals"),
        ({"attribute": "a", "prefix": 5}, "policy: segments.s.prefix: expected a string, got 5"),
        ({"attribute": "a", "exists": 1}, "policy: segments.s.exists: expected true or false, got 1"),
        ({"attribute": "a", "at_least": True}, "policy: segments.s.at_least: expected a number or a string, got true"),
        ({"attribute": 5, "equals": 1}, "policy: segments.s.attribute: expected a name, got 5"),
        (
            {"state": "value.ordres", "at_least": 1},
            "policy: segments.s.state: no such field of a customer: value.ordres; did you mean value.orders?",
        ),
        (
            {"state": "scor", "at_least": 1},
            "policy: segments.s.state: no such field of a customer: scor; did you mean sc",
        ),
        ({"state": "score.x", "at_least": 1}, "policy: segments.s.state: no such field of a customer: score.x"),
        ({"all": []}, "policy: segments.s.all: expected a list of conditions, got a list"),
        ({"all": [{"not": 5}]}, "policy: segments.s.all[0].not: expected a condition (an object), got 5"),
        ({"not": {"attribute": "a", "exists": True}, "x": 1}, "policy: segments.s.x: unknown key"),
    ],
)
def test_a_wrong_condition_is_refused_by_its_place(condition, line):
    assert refusal({"segments": {"s": condition}}).startswith(line)


def rule(**parts):
    return merge({"rules": [{"name": "r", "when": ONE_VIEW, **parts}]}).rules[0]


def test_the_rules_of_the_contract_become_structs(tmp_path):
    text = """
rules:
  - {name: pricing_interest, when: {count: {topic: clickstream, type: page_view,
     where: [{field: url, prefix: /pricing}]}, at_least: 3, within: 7d},
     unless: {count: {topic: purchases, type: ordered}, at_least: 1, within: 7d}, cooldown: 14d}
  - {name: big_month, when: {sum: {topic: purchases, type: ordered, field: amount}, at_least: 500, within: 30d}}
  - {name: reads_widely, when: {distinct: {topic: clickstream, type: page_view, field: url}, at_least: 10, within: 1d}}
  - {name: trial_not_used, when: {absence: {topic: clickstream}, for: 3d,
     since: {topic: purchases, type: subscription_started}}}
"""
    pricing, month, widely, unused = from_text(tmp_path, text).rules
    views = Filter("clickstream", "page_view", (FieldTest("url", "prefix", "/pricing"),))
    assert pricing.when == Count(views, 3, 7 * DAY)
    assert pricing.unless == Count(Filter("purchases", "ordered"), 1, 7 * DAY)
    assert (pricing.cooldown, pricing.subject, pricing.enabled) == (14 * DAY, None, True)
    assert month.when == Sum(Filter("purchases", "ordered"), "amount", Decimal(500), 30 * DAY)
    assert widely.when == Distinct(Filter("clickstream", "page_view"), "url", 10, DAY)
    assert unused.when == Absence(Filter("clickstream"), 3 * DAY, Filter("purchases", "subscription_started"))


def test_a_rule_may_count_by_a_subject_and_carry_examples():
    events = [{"topic": "clickstream", "type": "product_view", "product_id": "crm"}]
    made = rule(subject="product_id", examples=[{"events": events, "fires": True}])
    assert made.subject == "product_id"
    assert made.examples[0].events == tuple(events)
    assert made.examples[0].fires is True


def test_a_rule_may_look_at_attributes_of_a_profile():
    where = [{"field": "attributes.country", "in": ["NO"]}]
    made = rule(when={**ONE_VIEW, "count": {"topic": "profiles", "where": where}})
    assert made.when.filter.where == (FieldTest("attributes.country", "in", ("NO",)),)


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        ({"name": "promoter"}, "policy: rules[0].name: promoter is the name of a built-in trigger"),
        ({"name": ""}, "policy: rules[0].name: expected a name, got ''"),
        ({"name": None}, "policy: rules[0].name: missing"),
        ({"when": None}, "policy: rules[0].when: missing"),
        ({"whn": 1}, "policy: rules[0].whn: unknown key; did you mean when?"),
        ({"cooldown": 5}, "policy: rules[0].cooldown: expected a duration such as 30m, 24h or 14d, got 5"),
        ({"enabled": "yes"}, "policy: rules[0].enabled: expected true or false, got 'yes'"),
        ({"subject": "colour"}, "policy: rules[0].subject: no such field of clickstream: colour"),
        ({"when": 5}, "policy: rules[0].when: expected an object, got 5"),
        ({"when": {"cuont": {}}}, "policy: rules[0].when.cuont: unknown key; did you mean count?"),
        (
            {"when": {"at_least": 1}},
            "policy: rules[0].when: expected exactly one of count, sum, distinct, absence, got n",
        ),
        ({"when": {"count": {"topic": "clickstream"}, "at_least": 1}}, "policy: rules[0].when.within: missing"),
        ({"when": {**ONE_VIEW, "for": "1d"}}, "policy: rules[0].when.for: unknown key"),
        ({"when": {**ONE_VIEW, "within": "0s"}}, "policy: rules[0].when.within: expected a duration of more than 0"),
        ({"when": {**ONE_VIEW, "at_least": 0}}, "policy: rules[0].when.at_least: expected a whole number of 1 or more"),
        (
            {"when": {**ONE_VIEW, "count": {"topic": "web"}}},
            "policy: rules[0].when.count.topic: expected one of clickst",
        ),
        (
            {"when": {**ONE_VIEW, "count": {"topic": "email", "type": "seen"}}},
            "policy: rules[0].when.count.type: expected one of sent, delivered, opened, clicked, bounced, complained",
        ),
        (
            {"when": {**ONE_VIEW, "count": {"topic": "email", "where": [{"field": "url", "equals": 1}]}}},
            "policy: rules[0].when.count.where[0].field: no such field of email: url",
        ),
        (
            {"when": {**ONE_VIEW, "count": {"topic": "email", "where": [{"equals": 1}]}}},
            "policy: rules[0].when.count.where[0].field: missing",
        ),
        (
            {"when": {**ONE_VIEW, "count": {"topic": "email", "field": "link_url"}}},
            "policy: rules[0].when.count.field: unknown key",
        ),
        (
            {"when": {"sum": {"topic": "email", "field": "message_id"}, "at_least": 1, "within": "1d"}},
            "policy: rules[0].when.sum.field: expected a field that is a number, got message_id",
        ),
        (
            {"when": {"distinct": {"topic": "email"}, "at_least": 1, "within": "1d"}},
            "policy: rules[0].when.distinct.field: missing",
        ),
        ({"when": {"absence": {"topic": "email"}, "for": "1d"}}, "policy: rules[0].when.since: missing"),
        (
            {"unless": {"absence": {"topic": "email"}, "for": "1d", "since": {"topic": "email"}}},
            "policy: rules[0].unless.absence: unknown key",
        ),
        (
            {"examples": [{"events": [{}], "fires": True}]},
            "policy: rules[0].examples[0].events[0].topic: expected one of clickstream",
        ),
        ({"examples": [{"events": []}]}, "policy: rules[0].examples[0].fires: missing"),
    ],
)
def test_a_wrong_rule_is_refused_by_its_place(parts, line):
    assert refusal({"rules": [{"name": "r", "when": ONE_VIEW, **parts}]}).startswith(line)


def test_rules_are_a_list_of_different_names():
    assert refusal({"rules": {}}) == "policy: rules: expected a list of rules, got an object"
    twice = [{"name": "r", "when": ONE_VIEW}] * 2
    assert refusal({"rules": twice}) == "policy: rules[1].name: r is the name of an earlier rule"


def test_the_sum_of_a_rule_compares_with_money_exactly():
    when = {"sum": {"topic": "purchases", "field": "amount"}, "at_least": 0.1, "within": "1d"}
    assert rule(when=when).when.at_least == Decimal("0.1")
