"""What a lane's state stands on: a topic that is not what it was is told in one line, and nothing else is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from faust.types import TP
from prometheus_client import CollectorRegistry

from agents import topics
from agents.app import create_app
from agents.changelog import Bounds, LaneRecord
from agents.footing import Footing, Known, faults_of_inputs, may_restart, state_is_gone
from agents.lanes.recovery import TopicRecreatedError, positions, restarted
from agents.metrics import Metrics
from agents.settings import Settings
from agents.topicadmin import BrokerError
from agents.topics import Ground
from agents.topicwatch import TopicWatch, changes
from schemas.policy import load
from schemas.topics import INPUTS

LOG = "engage-customers-changelog"
FOUND = {name: Known(4, f"id-{name}") for name in (*INPUTS, LOG)}
IDS = {name: known.id for name, known in FOUND.items()}
LANE = LaneRecord({"email": 9}, 5, 4, IDS)


def faults(
    found: Mapping[str, Known] = FOUND, lane: LaneRecord = LANE, restart: frozenset[str] = frozenset()
) -> list[str]:
    return list(faults_of_inputs({0: lane}, found, LOG, restart))


def with_topic(name: str, known: Known | None) -> dict[str, Known]:
    others = {topic: other for topic, other in FOUND.items() if topic != name}
    return others if known is None else {**others, name: known}


def bounds(end: int) -> Bounds:
    places = [(topic, 0) for topic in INPUTS]
    return Bounds(dict.fromkeys(places, 0), dict.fromkeys(places, end))


def test_topics_that_are_what_they_were_are_nothing_to_speak_of() -> None:
    assert faults() == []
    assert changes(FOUND, FOUND) == []


@pytest.mark.parametrize("topic", ["email", "surveys", LOG])
def test_another_count_is_told_for_inputs_and_changelog_whether_they_were_read_or_not(topic: str) -> None:
    (line,) = faults(with_topic(topic, Known(6, IDS[topic])))
    assert line == f"topic {topic} has 6 partitions, expected 4: the state in {LOG} was written with that"


def test_another_topic_of_the_same_name_is_told_only_where_records_of_the_old_one_count() -> None:
    assert faults(with_topic("email", Known(4, "new"))) == [
        "input topic email was deleted and made anew: its id is new, expected id-email"
    ]
    assert faults(with_topic("surveys", Known(4, "new"))) == []


def test_a_missing_topic_is_told_where_records_of_it_count() -> None:
    assert faults(with_topic("email", None)) == [
        "input topic email is missing, but 10 records of its partition 0 were applied"
    ]
    assert faults(with_topic("surveys", None)) == []


def test_what_may_begin_anew_is_no_fault() -> None:
    assert may_restart(" email, surveys ,") == {"email", "surveys"}
    for known in (None, Known(4, "new")):
        assert faults(with_topic("email", known), restart=frozenset({"email"})) == []


def test_state_of_before_ids_were_kept_is_taken_as_it_is() -> None:
    old = msgspec.msgpack.decode(msgspec.msgpack.encode([{"email": 9}, 5]), type=LaneRecord)
    assert faults(with_topic("email", Known(6, "new")), lane=old) == []


def test_a_lane_refuses_another_topic_also_when_it_is_longer_and_reads_it_anew_when_told() -> None:
    footing = Footing(4, {**IDS, "email": "new"})
    with pytest.raises(TopicRecreatedError, match="its id is new, expected id-email"):
        positions(LANE, bounds(50), 0, footing)
    anew = restarted(LANE, bounds(50), 0, footing, frozenset({"email"}))
    assert anew.applied == {}
    assert positions(anew, bounds(50), 0, footing)["email", 0] == 0
    same = restarted(LANE, bounds(50), 0, Footing(4, IDS), frozenset({"email"}))
    assert same is LANE


def test_what_happens_to_topics_while_a_worker_runs_is_told() -> None:
    assert changes(FOUND, with_topic("email", None)) == ["topic email was deleted while the worker ran"]
    assert changes(FOUND, with_topic("email", Known(4, "new"))) == [
        "topic email was deleted and made anew while the worker ran"
    ]
    assert changes(FOUND, with_topic("email", Known(6, "id-email"))) == [
        "topic email has 6 partitions, expected 4 as at the start"
    ]


def test_state_that_is_gone_is_told_with_how_much_it_was() -> None:
    assert state_is_gone(LOG, {1: 3, 0: 4}, there=False) == (
        f"changelog {LOG} is missing, but 7 records were applied: the state is gone"
    )
    assert "has nothing in partitions 0, 1" in state_is_gone(LOG, {1: 3, 0: 4}, there=True)


@pytest.mark.parametrize("steps", range(1, 5))
def test_a_start_while_others_deliver_their_first_records_is_no_loss(
    monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """Between any two questions to the brokers another worker may make the changelog, deliver and say so."""
    asked = iter(range(9))
    others = SimpleNamespace(
        look=lambda: FOUND if next(asked) >= steps else {name: FOUND[name] for name in INPUTS},
        lanes=lambda _: {0: LANE if next(asked) >= steps else None},
        applied=lambda _: {0: 10} if next(asked) >= steps else {},
    )
    monkeypatch.setattr(topics, "Evidence", lambda _: others)
    monkeypatch.setattr(topics, "TopicWatch", lambda _: others)
    topics._refuse_what_is_not_as_it_was(Settings())


def test_a_changelog_without_what_was_applied_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = SimpleNamespace(look=lambda: FOUND, lanes=lambda _: {0: None}, applied=lambda _: {0: 10})
    monkeypatch.setattr(topics, "Evidence", lambda _: lost)
    monkeypatch.setattr(topics, "TopicWatch", lambda _: lost)
    with pytest.raises(topics.TopicsRefusedError, match="10 records were applied: the state is gone"):
        topics._refuse_what_is_not_as_it_was(Settings())


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (with_topic("email", None), "topic email was deleted while the worker ran; what to do: deploy/topics.md"),
        (FOUND, "partitions [0, 1] of the six topics were not assigned together"),
        (None, "partitions [0, 1] of the six topics were not assigned together"),
    ],
    ids=["a topic is gone", "all topics are there", "the broker does not say"],
)
async def test_lanes_that_were_torn_stop_the_worker_with_the_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: Mapping[str, Known] | None, words: str
) -> None:
    def look(_: TopicWatch) -> Mapping[str, Known]:
        if found is None:
            raise BrokerError("no answer in time")
        return found

    monkeypatch.setattr(TopicWatch, "look", look)
    said: list[str] = []
    settings, metrics = Settings(data_dir=tmp_path), Metrics(CollectorRegistry())
    app = create_app(settings, load(None), metrics, Ground(4, "exactly_once", FOUND), fail=said.append)
    await app.on_partitions_assigned.send({TP(name, number) for name in INPUTS if name != "email" for number in (0, 1)})
    assert said == [words]
