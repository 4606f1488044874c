"""The simulator: deterministic, in order, valid, and as dirty as asked."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from agents.cli.simulate import simulate
from agents.simulate import Settings, SettingsError, events
from schemas.deadletters import DeadLetter
from schemas.decode import decode
from schemas.events import EVENTS
from schemas.times import LATEST
from schemas.topics import INPUTS

LIVELY = Settings(customers=400, days=90, events=12_000, seed=3)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(simulate, [str(argument) for argument in arguments])


def test_the_same_settings_give_the_same_bytes_and_another_seed_gives_others():
    settings = Settings(customers=50, days=5, events=500, dirty=0.1)
    assert list(events(settings)) == list(events(settings))
    assert list(events(settings)) != list(events(Settings(customers=50, days=5, events=500, dirty=0.1, seed=2)))


@pytest.mark.parametrize("asked", [1, 7, 1_234])
@pytest.mark.parametrize("dirty", [0.0, 0.5, 1.0])
def test_there_are_exactly_as_many_events_as_asked_for(asked, dirty):
    assert sum(1 for _ in events(Settings(customers=20, events=asked, dirty=dirty))) == asked


def test_clean_events_are_all_valid_under_their_key_and_in_order_of_time_within_the_days():
    decoded = [(decode(topic, value), customer) for topic, customer, value in events(LIVELY)]
    assert not [found for found, _ in decoded if isinstance(found, DeadLetter)]
    assert all(event.customer_id == customer for event, customer in decoded)
    times = [event.occurred_at for event, _ in decoded]
    assert all(earlier <= later for earlier, later in pairwise(times))
    assert times[0] >= LIVELY.start
    assert times[-1] < LIVELY.end


def test_every_type_of_every_topic_occurs_and_no_event_id_twice():
    seen: Counter[str] = Counter()
    ids: set[str] = set()
    for topic, _, value in events(Settings(customers=1_000, days=120, events=60_000)):
        event = orjson.loads(value)
        seen[f"{topic}.{event['type']}"] += 1
        ids.add(event["event_id"])
    assert set(seen) == {kind.action for kinds in EVENTS.values() for kind in kinds}
    assert len(ids) == seen.total()


def test_nearly_every_customer_is_met_and_a_steeper_law_makes_the_first_ones_livelier():
    even, steep = (
        Counter(customer for _, customer, _ in events(Settings(customers=300, events=10_000, zipf=zipf)))
        for zipf in (0.0, 1.1)
    )
    assert len(even) > 290
    assert len(steep) > 290
    assert steep.most_common(1)[0][1] > 3 * even.most_common(1)[0][1]


def test_the_dirty_share_is_repeated_late_and_broken():
    share = 0.2
    settings = Settings(customers=100, events=10_000, dirty=share)
    values = Counter(value for _, _, value in events(settings))
    decoded = [decode(topic, value) for topic, _, value in events(settings)]
    reasons = Counter(found.reason for found in decoded if isinstance(found, DeadLetter))
    times = [found.occurred_at for found in decoded if not isinstance(found, DeadLetter)]
    repeated = sum(count - 1 for count in values.values())
    disordered = sum(later < earlier for earlier, later in pairwise(times))
    assert set(reasons) == {"not_json", "schema", "unknown_type"}
    assert 0.03 < reasons.total() / 10_000 < 0.3 * share + 0.03
    assert 0.04 < repeated / 10_000 < 0.4 * share + 0.04
    assert disordered > repeated


def test_one_customer_alone_can_make_all_events():
    assert {customer for _, customer, _ in events(Settings(customers=1, events=300))} == {"c000000"}


@pytest.mark.parametrize(
    "wrong", [{"customers": 0}, {"days": 0}, {"events": 0}, {"zipf": -1}, {"dirty": 1.5}, {"start": LATEST}]
)
def test_settings_that_make_no_sense_are_named(wrong):
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        Settings(**wrong)


def test_the_command_writes_all_six_topics_the_same_way_each_time(tmp_path: Path):
    for name in ("a", "b"):
        assert run("--customers", 20, "--events", 300, "--seed", 5, "--out", tmp_path / name).exit_code == 0
    first, second = ({file.name: file.read_bytes() for file in (tmp_path / name).iterdir()} for name in ("a", "b"))
    assert first == second
    assert set(first) == {f"{topic}.jsonl" for topic in INPUTS}
    assert sum(value.count(b"\n") for value in first.values()) == 300


def test_the_command_says_how_many_events_it_wrote(tmp_path: Path):
    result = run("--customers", 20, "--events", 300, "--start", "2025-06-01", "--out", tmp_path)
    assert "300 events of 20 customers" in result.stdout
    assert b"2025-06-" in (tmp_path / "clickstream.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ([], "give either --out DIR or --bootstrap HOST:PORT"),
        (["--out", "x", "--bootstrap", "b:1"], "give either"),
        (["--out", "x", "--rate", "5"], "--rate goes with --bootstrap"),
        (["--out", "x", "--customers", "0"], "--customers"),
        (["--out", "x", "--start", "soon"], "--start"),
    ],
)
def test_wrong_usage_is_refused_before_anything_is_written(arguments, word, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 2
    assert word in result.stderr
    assert not list(tmp_path.iterdir())
