"""Single places of ``engage erased``: names in Redis that look alike, aborted records, and dead letters."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from confluent_kafka import Producer
from redis import Redis

from agents.changelog import customer_key, erasure_key, pack
from agents.erasure.place import Place, erased
from agents.erasure.state import compacted_by, in_changelog, in_figures
from agents.erasure.stores import in_redis, in_rocksdb
from agents.erasure.topics import tells
from agents.kpis.rows import Row, Sum, pack_row, pack_sum
from agents.local.kafka import KafkaServer
from agents.local.redis import RedisServer
from agents.settings import Settings
from agents.view.keys import Address
from schemas.times import parse_instant
from streams import codec
from streams.state import Customer, Erased
from tests.agents.running import worker_settings

pytestmark = pytest.mark.timeout(120)
LIMITED = {"max.compaction.lag.ms": "86400000", "delete.retention.ms": "3600000"}


def state(customer_id: str) -> bytes:
    return pack(codec.encode(Customer(customer_id, 1, 2, 3, timers={"going_quiet\x1f": 9})), 9)


@pytest.fixture
def settings(kafka_server: KafkaServer, unique_topic_prefix: str, tmp_path: Path) -> Settings:
    """Settings of an application of its own, with a changelog and rows of one partition."""
    found = worker_settings(kafka_server, tmp_path, application_id=unique_topic_prefix.strip("-"))
    for topic in (found.changelog_topic, found.kpi_rows_topic):
        kafka_server.create_topic(topic, 1, compacted=True)
    return found


def write(settings: Settings, topic: str, *records: tuple[bytes, bytes | None], commit: bool = True) -> None:
    producer = Producer({"bootstrap.servers": settings.bootstrap_servers, "transactional.id": settings.application_id})
    producer.init_transactions(30)
    producer.begin_transaction()
    for key, value in records:
        producer.produce(topic, value, key)
    producer.flush(30)
    producer.commit_transaction(30) if commit else producer.abort_transaction(30)


def of(settings: Settings, customer_id: str) -> dict[str, Place]:
    """What the changelog says, by the last word of the place's name."""
    return {place.name.split(" ")[-1]: place for place in in_changelog(settings, customer_id, 1, LIMITED)}


def test_a_record_of_an_aborted_transaction_still_lies_in_the_log_and_is_no_state(settings: Settings) -> None:
    write(settings, settings.changelog_topic, (customer_key("ann"), state("ann")), commit=False)
    found = of(settings, "ann")
    assert found["state"].verdict == "nothing"
    assert found[settings.changelog_topic].verdict == "left"
    assert "1 old records with state" in found[settings.changelog_topic].what
    assert of(settings, "bob")[settings.changelog_topic].verdict == "nothing"


def test_the_places_of_the_changelog_before_and_after(settings: Settings) -> None:
    write(settings, settings.changelog_topic, (customer_key("ann"), state("ann")))
    before = of(settings, "ann")
    assert before["state"].verdict == before["timers"].verdict == "left"
    assert "1 pending, the next at 1970-01-01T00:00:00.009Z" in before["timers"].what
    assert before[settings.changelog_topic].verdict == "nothing", "the newest record is the state, not an old one"
    mark = pack(codec.encode(Erased(int(parse_instant("2026-11-21T00:00:00Z")))), None)
    write(settings, settings.changelog_topic, (customer_key("ann"), None), (erasure_key("ann"), mark))
    after = of(settings, "ann")
    assert after["state"].verdict == after["timers"].verdict == "nothing"
    assert after[settings.changelog_topic].verdict == "left"
    assert after["tombstone"].verdict == after["mark"].verdict == "kept"
    assert "2026-11-21" in after["mark"].what
    assert "3600 s after that" in str(after["tombstone"].until)
    assert not erased(list(after.values()))


def test_a_slice_of_the_figures_that_bears_the_customers_name_is_left(settings: Settings) -> None:
    row = Row(0, ("acquisition_source", "ann"), None, "orders")
    other = Row(0, ("acquisition_source", "annabel"), None, "orders")
    for topic in (settings.changelog_topic, settings.kpi_rows_topic):
        write(settings, topic, (pack_row(row), pack_sum(Sum(1, 5))), (pack_row(other), pack_sum(Sum(1, 5))))
    assert of(settings, "ann")["changelog"].verdict == "left"
    found = in_figures(settings, "ann", 1)
    assert (found.verdict, found.what) == ("left", "1 rows by acquisition_source: one is named like this customer")
    assert in_figures(settings, "anna", 1).verdict == "nothing"
    write(settings, settings.kpi_rows_topic, (pack_row(row), None))
    assert in_figures(settings, "ann", 1).verdict == "nothing"


@pytest.mark.parametrize("customer_id", ["3", "a*", "a?c", "[a]", "x:y", "y", "\\", "ünï"])
def test_keys_in_redis_are_those_of_the_customer_and_of_no_one_else(
    redis_server: RedisServer, customer_id: str
) -> None:
    address = Address(redis_server.url)
    with Redis.from_url(redis_server.url) as client:
        for other in {"abc", "ac", "x:y", "x:y:z", "z:x", "33"} - {customer_id}:
            client.set(f"engage:customer:{other}", "{}")
        client.set("engage:lane:3", "")
        client.set("engage:writer:3", "")
        assert [place.verdict for place in in_redis(address, "engage", customer_id)] == ["nothing"]
        client.set(f"engage:customer:{customer_id}", "{}")
        client.set(f"engage:forgotten-kind:{customer_id}", "{}")
        client.zadd("engage:by-score", {customer_id: 5})
        found = list(in_redis(address, "engage", customer_id))
    assert {place.verdict for place in found} == {"left"}
    names = {f"engage:customer:{customer_id}", f"engage:forgotten-kind:{customer_id}", "engage:by-score"}
    assert {place.what for place in found} == names


def test_a_place_that_nobody_named_is_not_looked_at(tmp_path: Path) -> None:
    assert [place.verdict for place in in_redis(None, "engage", "ann")] == ["not_looked"]
    assert [place.verdict for place in in_rocksdb(Settings(data_dir=tmp_path), "ann")] == ["not_looked"]


@pytest.mark.parametrize(
    ("letter", "told"),
    [
        ({"key": "ann", "value": ""}, True),
        ({"key": None, "value": base64.b64encode(b'{"customer_id": "ann", "url":').decode()}, True),
        ({"key": "bob", "value": base64.b64encode(b"{}").decode()}, False),
        ({"key": None, "value": None}, False),
        (["ann"], False),
        ("ann", False),
    ],
)
def test_a_dead_letter_tells_of_whom_its_key_or_its_bytes_name(letter: object, told: bool) -> None:
    assert tells(json.dumps(letter).encode(), b"ann") == told


def test_a_dead_letter_that_cannot_be_read_tells_of_no_one() -> None:
    assert not tells(None, b"ann")
    assert not tells(b"\xff", b"ann")
    assert not tells(b'{"value": "***"}', b"ann")


def test_without_a_limit_nobody_can_say_when_old_records_go() -> None:
    assert "does not limit" in compacted_by(0, {"max.compaction.lag.ms": str(2**63 - 1)})
    assert "does not limit" in compacted_by(0, {})
    assert "1970-01-02T00:00:00.000Z" in compacted_by(0, LIMITED)
