"""A broker that has only just come up, or a topic that was only just made, is asked again; other failures are told."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from confluent_kafka import KafkaError, KafkaException

from agents import reach
from agents.deadletters import reading
from agents.reach import patiently, seen
from agents.settings import Settings


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "_AGAIN_SECONDS", 0)


class Broker:
    """Fails so often, then answers."""

    def __init__(self, failures: int, code: int) -> None:
        self.failures, self.code, self.asked = failures, code, 0

    def __call__(self) -> str:
        self.asked += 1
        if self.asked <= self.failures:
            raise KafkaException(KafkaError(self.code))
        return "compact"


def test_a_topic_that_a_broker_has_not_heard_of_is_asked_for_again() -> None:
    broker = Broker(3, KafkaError.UNKNOWN_TOPIC_OR_PART)
    assert patiently(broker) == "compact"
    assert broker.asked == 4


def test_patience_ends() -> None:
    with pytest.raises(KafkaException):
        patiently(Broker(10**9, KafkaError.UNKNOWN_TOPIC_OR_PART), seconds=0.01)


def test_another_failure_is_told_at_once() -> None:
    broker = Broker(1, KafkaError.TOPIC_AUTHORIZATION_FAILED)
    with pytest.raises(KafkaException):
        patiently(broker)
    assert broker.asked == 1


def cluster(**partitions: int) -> SimpleNamespace:
    """A cluster's metadata; a topic with no partitions is one that the broker does not know."""
    topics = {name: SimpleNamespace(partitions=dict.fromkeys(range(count))) for name, count in partitions.items()}
    return SimpleNamespace(topics=topics)


def test_a_topic_that_was_made_is_waited_for_until_it_is_seen() -> None:
    looks = iter([cluster(), cluster(marks=0), cluster(marks=2, others=1)])
    assert patiently(lambda: seen(next(looks), ["marks"])) == {"marks": 2}
    assert next(looks, None) is None, "it was looked at until it was seen"
    with pytest.raises(KafkaException, match="not seen: marks"):
        patiently(lambda: seen(cluster(others=1), ["marks"]), seconds=0.01)


def test_marks_that_are_known_to_exist_are_never_taken_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(reading, "look", lambda _: ("cluster", {}))
    monkeypatch.setattr(reading, "committed_records", lambda _, __, partitions: asked.append(partitions) or iter(()))
    assert reading.sent_before(Settings()) == {}
    assert reading.sent_before(Settings(), 3) == {}
    assert asked == [0, 3], "a broker that does not know the topic is asked for its partitions all the same"
