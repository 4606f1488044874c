"""The policy: its defaults, how a file is laid over them, and the one line that refuses it (CONTRACT, Appendix A)."""

from decimal import Decimal
from pathlib import Path

import pytest

import schemas
from schemas.policy import (
    BUILT_IN,
    Compare,
    CustomerDefinition,
    PolicyError,
    load,
    merge,
)
from schemas.times import DAY, HOUR, MINUTE
from tests.unit.schemas.policies import from_text, refusal

SECTION_6 = [
    "interest_surge",
    "going_quiet",
    "product_interest",
    "cart_abandoned",
    "reader_never_clicks",
    "over_contacted",
    "fatigued",
    "duplicate_message",
    "contact_due",
    "unsubscribed",
    "information_gap",
    "ticket_escalated",
    "ticket_reopened",
    "repeat_contact",
    "first_reply_overdue",
    "resolution_overdue",
    "first_contact_resolved",
    "first_contact_missed",
    "low_satisfaction",
    "detractor",
    "promoter",
    "spend_threshold",
    "value_tier_changed",
    "purchase_overdue",
    "thank_you_due",
    "feedback_due",
    "campaign_response",
    "stage_changed",
    "role_changed",
    "segment_entered",
    "segment_left",
]


def refused_text(tmp_path: Path, text: str) -> str:
    with pytest.raises(PolicyError) as error:
        from_text(tmp_path, text)
    return str(error.value)


def test_the_defaults_are_those_of_the_contract():
    policy = load(None)
    assert policy == merge({})
    assert policy.version == "1"
    assert policy.score.half_life == 14 * DAY
    assert policy.score.daily_cap.late == 3 * DAY
    assert policy.targets.first_reply == {"urgent": HOUR, "high": 4 * HOUR, "normal": 8 * HOUR, "low": 24 * HOUR}
    assert policy.contact.rolling[0].max == 10
    assert policy.customer_retention is None
    assert policy.customer_definitions["recent"] == CustomerDefinition(orders=1, within=90 * DAY)
    assert policy.triggers.information_gap.within == 30 * MINUTE
    assert policy.triggers.information_gap.channels == ("phone", "chat", "email")


def test_every_trigger_of_the_contract_is_on_and_only_three_have_a_cooldown():
    triggers = load(None).triggers
    assert set(BUILT_IN) == set(SECTION_6)
    assert all(getattr(triggers, name).enabled for name in BUILT_IN)
    resting = {name: getattr(triggers, name).cooldown for name in BUILT_IN if getattr(triggers, name).cooldown}
    assert resting == {"interest_surge": 7 * DAY, "product_interest": 7 * DAY, "feedback_due": 90 * DAY}


def test_objects_are_merged_deep_and_lists_and_scalars_replaced():
    policy = merge({"score": {"levels": {"high": 80}}, "roles": {"decision_maker": ["cto"]}, "tiers": {"black": 9000}})
    assert (policy.score.levels.medium, policy.score.levels.high) == (31, 80)
    assert policy.roles.decision_maker == ("cto",)
    assert policy.roles.champion.count == 10
    assert list(policy.tiers) == ["bronze", "silver", "gold", "black"]


def test_a_named_definition_is_merged_key_by_key_too():
    policy = merge({"customer_definitions": {"recent": {"within": "30d"}, "big": {"revenue": 99.5}}})
    assert policy.customer_definitions["recent"] == CustomerDefinition(orders=1, within=30 * DAY)
    assert policy.customer_definitions["big"].revenue == Decimal("99.5")


def test_merging_leaves_the_defaults_as_they_are():
    merge({"tiers": {"black": 9000}, "triggers": {"promoter": {"enabled": False}}})
    assert "black" not in load(None).tiers
    assert load(None).triggers.promoter.enabled


def test_tiers_are_ordered_by_threshold():
    assert list(merge({"tiers": {"silver": 3000, "tin": 1}}).tiers) == ["bronze", "tin", "gold", "silver"]


def test_a_version_that_is_a_number_is_kept_as_it_is_written(tmp_path):
    assert from_text(tmp_path, "version: 1.10").version == "1.10"
    assert from_text(tmp_path, "version: 7").version == "7"
    assert merge({"version": 7}).version == "7"


def test_an_empty_file_is_the_default_policy(tmp_path):
    assert from_text(tmp_path, "") == load(None)
    assert from_text(tmp_path, "# nothing yet\n") == load(None)


def test_yaml_is_read_without_surprises(tmp_path):
    text = "segments: {nordic: {attribute: country, in: [NO, on, 2026-01-01, 1:30, 0x1F, 010]}}"
    assert from_text(tmp_path, text).segments["nordic"] == Compare(
        "attribute", ("country",), "in", ("NO", "on", "2026-01-01", "1:30", "0x1F", "010")
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("score:\n  half_life: [", "policy: line 2: not YAML: "),
        ("version: '1'\nversion: '2'", "policy: line 2: not YAML: version is given twice"),
        ("- 1", "policy: expected an object of keys at the top, got a list"),
        ("--- {}\n--- {}", "policy: line 2: not YAML: "),
        ("version: !!python/name:os.system", "policy: line 1: not YAML: "),
        ("segments: {a: &a {all: [*a]}}", "policy: nested too deeply"),
        ("[1]: 2", "policy: line 1: not YAML: expected a name as key"),
        ("\x07", "policy: not YAML: "),
    ],
)
def test_what_is_not_a_yaml_object_is_refused_with_its_line(tmp_path, text, line):
    assert refused_text(tmp_path, text).startswith(line)


def test_a_file_that_cannot_be_read_is_refused_in_one_line(tmp_path):
    with pytest.raises(PolicyError, match=r"policy: cannot read .*missing\.yaml: No such file or directory$"):
        load(tmp_path / "missing.yaml")
    with pytest.raises(PolicyError, match=r"policy: cannot read .*: Is a directory$"):
        load(tmp_path)
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"version: \xff")
    with pytest.raises(PolicyError, match="not UTF-8"):
        load(path)


@pytest.mark.parametrize(
    ("over", "line"),
    [
        ({"trigers": {}}, "policy: trigers: unknown key; did you mean triggers?"),
        ({"zzz": 1}, "policy: zzz: unknown key"),
        (
            {"triggers": {"intrest_surge": {}}},
            "policy: triggers.intrest_surge: unknown key; did you mean interest_surge?",
        ),
        ({"triggers": {"promoter": {"after": "1d"}}}, "policy: triggers.promoter.after: unknown key"),
        ({"score": {"levels": {"hihg": 80}}}, "policy: score.levels.hihg: unknown key; did you mean high?"),
        ({"score": None}, "policy: score: expected an object, got null"),
        ({"score": {"half_life": 14}}, "policy: score.half_life: expected a duration such as 30m, 24h or 14d, got 14"),
        ({"score": {"half_life": "0d"}}, "policy: score.half_life: expected a duration of more than 0, got '0d'"),
        (
            {"score": {"half_lives": {"email.openned": "1d"}}},
            "policy: score.half_lives: no such action: email.openned; did you mean email.opened?",
        ),
        (
            {"score": {"half_lives": {"email.opened": "0s"}}},
            "policy: score.half_lives.email.opened: expected a duration of more than 0, got '0s'",
        ),
        ({"score": {"points": {"visit": 1}}}, "policy: score.points: no such action: visit"),
        ({"score": {"points": {"email.sent": "2"}}}, "policy: score.points.email.sent: expected float, got str"),
        (
            {"score": {"points": {"email.sent": float("nan")}}},
            "policy: score.points.email.sent: expected a finite number, got nan",
        ),
        ({"score": {"levels": {"medium": 76}}}, "policy: score.levels.medium: expected less than high (76), got 76"),
        ({"score": {"levels": {"medium": 0}}}, "policy: score.levels.medium: expected int >= 1, got 0"),
        ({"score": {"levels": {"high": 101}}}, "policy: score.levels.high: expected int <= 100, got 101"),
        ({"score": {"levels": {"high": True}}}, "policy: score.levels.high: expected int, got bool"),
        ({"score": {"daily_cap": {"topics": ["mail"]}}}, "policy: score.daily_cap.topics[0]: expected one of clickst"),
        ({"score": {"daily_cap": {"points": 0}}}, "policy: score.daily_cap.points: expected float > 0.0, got 0"),
        ({"score": {"level_hysteresis": -1}}, "policy: score.level_hysteresis: expected int >= 0, got -1"),
        ({"score": {"change_threshold": 0}}, "policy: score.change_threshold: expected int >= 1, got 0"),
        ({"currency": "usd"}, "policy: currency: expected str matching regex '^[A-Z]{3}$', got 'usd'"),
        (
            {"score": {"points": {"email.sent": 1e7}}},
            "policy: score.points.email.sent: expected float <= 1000000.0, got",
        ),
        ({"fcr_window": "36501d"}, "policy: fcr_window: expected a duration of at most 36500d, got '36501d'"),
        ({"segments": []}, "policy: segments: expected an object, got a list"),
        ({"segments": {2026: {}}}, "policy: segments: expected names as keys, got 2026"),
        ({"tiers": {"": 5}}, "policy: tiers: expected names as keys, got ''"),
        ({"version": ""}, "policy: version: expected str of length >= 1, got ''"),
        ({"version": True}, "policy: version: expected str, got bool"),
        ({"fcr_window": None}, "policy: fcr_window: expected a duration such as 30m, 24h or 14d, got null"),
        ({"dedup_window": "-1h"}, "policy: dedup_window: expected a duration such as 30m, 24h or 14d, got '-1h'"),
        ({"targets": {"first_reply": {"urgnt": "1h"}}}, "policy: targets.first_reply.urgnt: unknown key; did you mean"),
        ({"contact": {"rolling": [{"max": 1}]}}, "policy: contact.rolling[0].span: missing"),
        ({"contact": {"first": {"max": 0}}}, "policy: contact.first.max: expected int >= 1, got 0"),
        ({"contact": {"weekly_until": "6d"}}, "policy: contact.weekly_until: expected no less than contact.first.span"),
        ({"fatigue": {"unopened": 1.01}}, "policy: fatigue.unopened: expected float <= 1.0, got 1.01"),
        ({"fatigue": {"at_least": 11}}, "policy: fatigue.at_least: expected no more than fatigue.messages"),
        ({"tiers": {"bronze": 1}}, "policy: tiers: expected one tier from 0"),
        ({"tiers": {"basic": 0}}, "policy: tiers: expected a different threshold for each"),
        ({"tiers": {"gold": -1}}, "policy: tiers.gold: expected a number of 0 or more, got -1"),
        ({"roles": {"decision_maker": ["("]}}, "policy: roles.decision_maker[0]: expected a regular expression: "),
        ({"roles": {"decision_maker": "cto"}}, "policy: roles.decision_maker: expected a list, got 'cto'"),
        ({"roles": {"champion": {"count": 0}}}, "policy: roles.champion.count: expected int >= 1, got 0"),
        ({"customer_definitions": {"x": {}}}, "policy: customer_definitions.x: expected orders, revenue or both"),
        (
            {"customer_definitions": {"x": {"order": 1}}},
            "policy: customer_definitions.x.order: unknown key; did you me",
        ),
        (
            {"triggers": {"information_gap": {"channels": ["fax"]}}},
            "policy: triggers.information_gap.channels[0]: expected one of email, chat, phone, web, social, got 'fax'",
        ),
        (
            {"triggers": {"interest_surge": {"within": "36h"}}},
            "policy: triggers.interest_surge.within: expected whole days",
        ),
        (
            {"triggers": {"spend_threshold": {"multiple": 0}}},
            "policy: triggers.spend_threshold.multiple: expected a number of more than 0, got 0",
        ),
        (
            {"triggers": {"going_quiet": {"enabled": "no"}}},
            "policy: triggers.going_quiet.enabled: expected bool, got s",
        ),
    ],
)
def test_a_wrong_value_is_refused_by_its_dotted_key(over, line):
    assert refusal(over).startswith(line)


@pytest.mark.parametrize(
    "name", ["stage_changed", "value_tier_changed", "role_changed", "segment_entered", "segment_left"]
)
def test_changes_of_standing_take_no_cooldown(name):
    line = refusal({"triggers": {name: {"cooldown": "1d"}}})
    assert line == f"policy: triggers.{name}.cooldown: this trigger takes no cooldown"
    assert not getattr(merge({"triggers": {name: {"enabled": False}}}).triggers, name).enabled


def test_the_default_file_says_everything_that_the_policy_holds(tmp_path):
    text = (Path(schemas.__file__).parent / "policy.yaml").read_text("utf-8")
    assert from_text(tmp_path, text) == load(None)
