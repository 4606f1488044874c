"""When a worker stops, and what it refuses to start on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from faust.types import TP
from pydantic import ValidationError

from agents.embedded import EmbeddedBroker
from agents.lanes.group import lane_numbers
from agents.lanes.tally import DeadLetterLimit, InputInvalidError, Tally
from agents.settings import load_settings
from agents.topics import TopicsRefusedError, prepare
from schemas.topics import INPUTS
from tests.agents.running import make_topics, worker_settings


def tally(records: int, dead: int) -> Tally:
    made = Tally()
    made.records = records
    for _ in range(dead):
        made.dead_letter("email", "not_json")
    return made


def test_a_few_dead_letters_stop_nobody() -> None:
    limit = DeadLetterLimit(0.9, 100)
    for _ in range(50):
        limit.take_in(tally(100, 50))


def test_nearly_all_dead_letters_stop_the_worker_and_say_why() -> None:
    limit = DeadLetterLimit(0.9, 100)
    limit.take_in(tally(50, 50))
    with pytest.raises(InputInvalidError, match=r"100 of the latest 100 records are dead letters \(not_json 50\)"):
        limit.take_in(tally(50, 50))


def test_a_long_good_past_does_not_hide_a_bad_present() -> None:
    limit = DeadLetterLimit(0.9, 100)
    for _ in range(1_000):
        limit.take_in(tally(100, 0))
    with pytest.raises(InputInvalidError):
        for _ in range(20):
            limit.take_in(tally(100, 100))


def test_topics_with_different_partition_counts_are_refused(embedded_broker: EmbeddedBroker, tmp_path: Path) -> None:
    settings = worker_settings(embedded_broker, tmp_path)
    embedded_broker.create_topic("email", 3)
    for topic in (*INPUTS, settings.changelog_topic):
        if topic != "email":
            embedded_broker.create_topic(topic, 4)
    with pytest.raises(TopicsRefusedError, match=r"same number of partitions: clickstream 4, email 3"):
        prepare(settings)


def test_missing_topics_are_named(embedded_broker: EmbeddedBroker, tmp_path: Path) -> None:
    with pytest.raises(TopicsRefusedError, match="input topics are missing: clickstream, email"):
        prepare(worker_settings(embedded_broker, tmp_path))


def test_the_embedded_broker_is_not_trusted_with_transactions(embedded_broker: EmbeddedBroker, tmp_path: Path) -> None:
    settings = worker_settings(embedded_broker, tmp_path)
    make_topics(embedded_broker, settings)
    assert prepare(settings)[:2] == (4, "at_least_once")


def test_a_lane_whose_topics_went_to_different_workers_is_refused() -> None:
    whole = {TP(topic, 1) for topic in INPUTS}
    assert lane_numbers(whole) == {1}
    with pytest.raises(ValueError, match=r"partitions \[1\] of the six topics"):
        lane_numbers(whole - {TP("email", 1)})


def test_settings_come_from_the_environment_and_secrets_from_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "engage_sasl_password").write_text("hush")
    monkeypatch.setenv("ENGAGE_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("ENGAGE_CHUNK_RECORDS", "77")
    monkeypatch.setenv("ENGAGE_SECURITY_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("ENGAGE_SASL_USERNAME", "worker")
    settings = load_settings(application_id="shop")
    assert settings.chunk_records == 77
    assert settings.sasl_password.get_secret_value() == "hush"
    assert "hush" not in repr(settings)
    assert settings.changelog_topic == "shop-customers-changelog"


@pytest.mark.parametrize("wrong", [{"clock": "sundial"}, {"partitions": 0}, {"application_id": "no spaces"}])
def test_settings_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        load_settings(**wrong)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        load_settings().partitions = 9  # type: ignore[misc]
