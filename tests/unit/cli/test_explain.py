"""A customer's standing in words: every number with where it comes from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from agents.cli.main import main
from agents.replay.engine import Engine
from schemas.decode import decode
from schemas.events import Event
from schemas.outputs import ScoreChange
from schemas.policy import load
from schemas.times import DAY, parse_instant
from streams.describe import customer_line
from streams.explain import level_falls_at

LINES = [
    {
        "event_id": "1",
        "occurred_at": "2026-01-01T09:00:00Z",
        "type": "subscription_started",
        "order_id": "o",
        "amount": 9,
    },
    {"event_id": "2", "occurred_at": "2026-01-01T09:00:00Z", "type": "ordered", "order_id": "p", "amount": "20.5"},
]


def engage(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def events(tmp_path: Path) -> Path:
    folder = tmp_path / "events"
    folder.mkdir()
    purchases = [{"customer_id": "c-1"} | line for line in LINES]
    (folder / "purchases.jsonl").write_text("".join(json.dumps(line) + "\n" for line in purchases))
    profile = {"event_id": "1", "customer_id": "c-1", "occurred_at": "2026-01-02T09:00:00Z", "type": "updated"}
    consent = profile | {"attributes": {"marketing_consent": False}}
    (folder / "profiles.jsonl").write_text(json.dumps(consent) + "\n")
    return folder


def test_the_score_is_told_line_by_line(events: Path) -> None:
    told = engage("explain", "c-1", "--events", events, "--until", "2026-01-15T09:00:00Z").output
    assert "Score 23, level medium" not in told
    assert "+12.50 purchases.subscription_started from 1 event, halves every 14d" in told
    assert "+10.00 purchases.ordered from 1 event, halves every 14d" in told
    assert "sum 22.500000, rounded and kept within 0 to 100: 23" in told


def test_the_allowance_the_stage_and_the_value_are_told_with_their_reasons(events: Path) -> None:
    told = engage("explain", "c-1", "--events", events).output
    assert "must not be written to until the reason ends" in told
    assert "no_consent: the profile says marketing_consent false" in told
    assert "stage repeat_customer" in told
    assert "2 orders, revenue 29.5" in told


def test_the_output_of_a_replay_tells_the_same(events: Path, tmp_path: Path) -> None:
    engage("replay", events, "--out", tmp_path / "out")
    from_events = engage("explain", "c-1", "--events", events).output
    from_output = engage("explain", "c-1", "--out", tmp_path / "out").output
    assert from_output == from_events.replace(" from 1 event,", ",")


def test_an_unknown_customer_is_one_line(events: Path, tmp_path: Path) -> None:
    engage("replay", events, "--out", tmp_path / "out")
    for source in (("--events", events), ("--out", tmp_path / "out"), ("--url", "http://127.0.0.1:1")):
        result = engage("explain", "nobody", *source)
        assert (result.exit_code, result.stderr.count("\n")) == (70 if source[0] == "--url" else 1, 1)


def test_the_level_falls_when_it_is_said_to_fall() -> None:
    policy = load(None)
    engine = Engine(policy)
    for line in LINES:
        event = decode("purchases", json.dumps({"customer_id": "c-1"} | line).encode())
        assert isinstance(event, Event)
        engine.feed(event)
    start = parse_instant("2026-01-01T09:00:00Z")
    (state,) = engine.customers()
    said = level_falls_at(customer_line(state, start, policy), policy, start)
    engine.take()
    engine.advance(start + 60 * DAY)
    falls = [one for one in engine.take().emissions if isinstance(one, ScoreChange) and one.current.level == "low"]
    assert [one.at for one in falls] == [said]
