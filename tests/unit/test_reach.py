"""A broker that has only just come up, or a topic that was only just made, is asked again; other failures are told."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError, KafkaException

from agents import reach
from agents.deadletters import reading
from agents.reach import BrokerError, patiently
from agents.settings import Settings
from agents.topicadmin import REPLAYED


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "_AGAIN_SECONDS", 0)
    monkeypatch.setattr(reading, "_AGAIN_SECONDS", 0)


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


def test_marks_that_are_known_to_exist_are_waited_for_and_never_taken_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([{}, {}, {REPLAYED: 1}])
    monkeypatch.setattr(reading, "look", lambda _: ("cluster", next(looks)))
    monkeypatch.setattr(reading, "committed_records", lambda *_: iter(()))
    assert reading.sent_before(Settings(), kept=True) == {}
    assert next(looks, None) is None, "it was looked at until it was seen"
    monkeypatch.setattr(reading, "look", lambda _: ("cluster", {}))
    assert reading.sent_before(Settings()) == {}
    monkeypatch.setattr(reading, "_MARKS_SECONDS", 0.01)
    with pytest.raises(BrokerError, match="was made and is not seen"):
        reading.sent_before(Settings(), kept=True)
