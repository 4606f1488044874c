"""``engage policy``: check, diff and test."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from agents.cli.main import main

RULE = """
version: "2"
score: {half_life: 7d}
rules:
  - name: pricing_interest
    when:
      {count: {topic: clickstream, type: page_view, where: [{field: url, prefix: /pricing}]}, at_least: 2, within: 7d}
    examples:
      - fires: false
        events: [{topic: clickstream, type: page_view, url: /pricing}]
"""
EXAMPLES = """
examples:
  - name: two looks
    events:
      - {at: 0h, topic: clickstream, type: page_view, url: /pricing}
      - {at: 1h, topic: clickstream, type: page_view, url: /pricing/teams}
    expect: {fires: [pricing_interest], silent: [going_quiet], level: low, score: 2, stage: subscriber}
"""


def engage(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(RULE)
    return path


def test_check_lists_what_differs_from_the_defaults(policy: Path) -> None:
    result = engage("policy", "check", policy)
    assert result.exit_code == 0
    assert "score.half_life: 14d -> 7d" in result.output
    assert "rules.pricing_interest" in result.output
    assert "is valid: version 2, 3 keys differ" in result.output


def test_examples_under_a_rule_and_beside_the_policy_are_run(policy: Path) -> None:
    policy.with_name("policy.examples.yaml").write_text(EXAMPLES)
    result = engage("policy", "test", policy)
    assert result.exit_code == 0, result.output
    assert "2 examples hold" in result.output


def test_an_example_that_does_not_hold_says_what_is_wrong(policy: Path) -> None:
    wrong = EXAMPLES.replace("level: low", "level: high").replace("/pricing/teams", "/other")
    policy.with_name("policy.examples.yaml").write_text(wrong)
    result = engage("policy", "test", policy)
    assert result.exit_code == 1
    assert "pricing_interest did not fire" in result.output
    assert "level is low, not high" in result.output
    assert result.stderr == f"engage: 1 of 2 examples do not hold under {policy}\n"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("topic: clickstream", "topic: clicks", "topic must be one of"),
        ("at: 1h", "at: later", "expected a duration"),
        ("url: /pricing/teams", "title: x", "url"),
        ("expect:", "expects:", "expect"),
    ],
)
def test_an_example_that_cannot_be_read_is_one_line(policy: Path, before: str, after: str, expected: str) -> None:
    policy.with_name("policy.examples.yaml").write_text(EXAMPLES.replace(before, after))
    result = engage("policy", "test", policy)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert expected in result.stderr


def test_diff_shows_levels_and_firings_that_differ(policy: Path, tmp_path: Path) -> None:
    views = [
        {
            "event_id": str(n),
            "customer_id": "c-1",
            "occurred_at": f"2026-01-0{n}T09:00:00Z",
            "type": "page_view",
            "url": "/pricing",
        }
        for n in (1, 2, 3)
    ]
    order = {"event_id": "o", "customer_id": "c-1", "occurred_at": "2026-01-01T09:00:00Z", "order_id": "1", "amount": 5}
    events = tmp_path / "events"
    events.mkdir()
    (events / "clickstream.jsonl").write_text("".join(json.dumps(view) + "\n" for view in views))
    purchases = [order | {"type": "ordered"}, order | {"type": "renewed", "event_id": "p"}]
    (events / "purchases.jsonl").write_text("".join(json.dumps(line) + "\n" for line in purchases))
    policy.write_text(RULE + "triggers: {stage_changed: {enabled: false}}\n")
    until = ("--until", "2026-01-06T09:00:00Z")
    result = engage("policy", "diff", "default", policy, "--events", events, "--details", *until)
    assert result.exit_code == 0, result.output
    assert "+ pricing_interest c-1 2026-01-02T09:00:00.000Z" in result.output
    assert "- stage_changed c-1 2026-01-01T09:00:00.000Z" in result.output
    assert "~ c-1 medium 34 -> low 26" in result.output
    assert "ending in another level: 1 customer\n" in result.output


def test_a_policy_does_not_differ_from_itself(policy: Path, tmp_path: Path) -> None:
    (tmp_path / "surveys.jsonl").write_text(
        '{"event_id":"1","customer_id":"c","occurred_at":"2026-01-01T00:00:00Z","type":"nps","score":2}\n'
    )
    result = engage("policy", "diff", policy, policy, "--events", tmp_path / "surveys.jsonl", "--details")
    assert result.exit_code == 0, result.output
    assert "firings that appear: 0\n" in result.output
    assert "firings that disappear: 0\n" in result.output
