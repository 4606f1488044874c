"""Topics that change under the engine's state, on Apache Kafka: refused in one line, and never wrong in silence."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewPartitions

from agents.lanes.surroundings import EXIT_FAILED
from agents.local.kafka import KafkaServer
from agents.local.process import ServerError
from agents.settings import Settings
from agents.topics import TopicsRefusedError, prepare
from schemas.topics import INPUTS
from tests.agents.running import event, feed, idle, make_topics, records, running, worker_settings

pytestmark = pytest.mark.timeout(240)

CUSTOMERS = [f"c-{number}" for number in range(20)]
VIEWS = [event("clickstream", "page_view", name, 1, f"view-{name}", url="/a") for name in CUSTOMERS]
ORDERS = [event("purchases", "ordered", name, 2, f"o-{name}", order_id=f"O-{name}", amount="5") for name in CUSTOMERS]


def admin(server: KafkaServer) -> AdminClient:
    return AdminClient({"bootstrap.servers": server.bootstrap_servers, "log_level": 0})


def widen(server: KafkaServer, partitions: int, *topics: str) -> None:
    """Give topics more partitions, and wait until clients see them."""
    client = admin(server)
    for future in client.create_partitions([NewPartitions(topic, partitions) for topic in topics]).values():
        future.result(30)
    wait_until(lambda: all(len(client.list_topics().topics[topic].partitions) == partitions for topic in topics))


def delete(server: KafkaServer, topic: str) -> None:
    """Delete a topic, and wait until clients do not see it."""
    client = admin(server)
    client.delete_topics([topic])[topic].result(30)
    wait_until(lambda: topic not in client.list_topics().topics)


def make(server: KafkaServer, topic: str, partitions: int = 4, compacted: bool = False) -> None:
    """Make a topic, also one that was deleted just now."""
    deadline = time.monotonic() + 30
    while True:
        try:
            server.create_topic(topic, partitions, compacted)
        except (ServerError, KeyError, KafkaException) as still_there:
            assert time.monotonic() < deadline, str(still_there)
            time.sleep(0.1)
        else:
            return


def wait_until(true: object) -> None:
    deadline = time.monotonic() + 90
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.1)


async def worked(server: KafkaServer, tmp_path: Path, **overrides: object) -> Settings:
    """A worker has applied views and orders, and is gone."""
    settings = worker_settings(server, tmp_path, **overrides)
    make_topics(server, settings)
    feed(server, [*VIEWS, *ORDERS])
    async with running(settings) as worker:
        await idle(worker, len(VIEWS) + len(ORDERS))
    return settings


def refusal(settings: Settings) -> str:
    with pytest.raises(TopicsRefusedError) as refused:
        prepare(settings)
    line = str(refused.value)
    assert line.endswith("what to do: deploy/topics.md")
    return line


def as_told(settings: Settings) -> tuple[int, str]:
    """Exit status of ``engage worker`` and the last line that it prints."""
    environment = {"ENGAGE_BOOTSTRAP_SERVERS": settings.bootstrap_servers, "ENGAGE_CREATE_TOPICS": "true"}
    command = [sys.executable, "-m", "agents.cli", "worker", "--http-port", "0", "--log-level", "error"]
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stderr.splitlines()[-1]


async def test_more_partitions_are_refused_and_not_only_as_long_as_they_differ(
    own_kafka_server: KafkaServer, tmp_path: Path
) -> None:
    settings = await worked(own_kafka_server, tmp_path)
    widen(own_kafka_server, 6, "email")
    assert "topic email has 6 partitions, expected 4: the state in engage-customers-changelog" in refusal(settings)

    widen(own_kafka_server, 6, *(topic for topic in INPUTS if topic != "email"))
    widen(own_kafka_server, 6, settings.changelog_topic, settings.kpi_rows_topic)
    assert "topic clickstream has 6 partitions, expected 4" in refusal(settings), "all are equal, and still wrong"
    code, line = as_told(settings)
    assert code == 1
    assert line.startswith("engage: topic clickstream has 6 partitions, expected 4")


async def test_an_input_that_was_made_anew_is_refused_however_long_it_is_and_read_again_when_that_is_meant(
    own_kafka_server: KafkaServer, tmp_path: Path
) -> None:
    settings = await worked(own_kafka_server, tmp_path)
    delete(own_kafka_server, "clickstream")
    assert "input topic clickstream is missing, but" in refusal(settings.model_copy(update={"create_topics": True}))

    make(own_kafka_server, "clickstream")
    assert "input topic clickstream was deleted and made anew: its id is" in refusal(settings), "shorter"
    more = [
        event("clickstream", "page_view", name, 10 + time, f"again-{time}-{name}", url="/b")
        for name in CUSTOMERS
        for time in range(3)
    ]
    feed(own_kafka_server, more)
    assert "input topic clickstream was deleted and made anew: its id is" in refusal(settings), "longer"

    meant = settings.model_copy(update={"restart_inputs": "clickstream"})
    for _ in range(2):
        async with running(meant) as worker:
            await idle(worker, len(more) + len(ORDERS))
            lines = [worker.status.customer(name) for name in CUSTOMERS]
        assert [line["contributions"][-1]["points"] for line in lines if isinstance(line, dict)] == [
            pytest.approx(4, abs=0.001)
        ] * len(CUSTOMERS), "one view of the old topic, three of the new, each once"
    async with running(settings) as worker:
        await idle(worker, len(more) + len(ORDERS))


async def test_a_changelog_that_is_gone_or_empty_or_of_another_count_is_refused_and_not_made_anew(
    own_kafka_server: KafkaServer, tmp_path: Path
) -> None:
    settings = await worked(own_kafka_server, tmp_path)
    changelog = settings.changelog_topic
    delete(own_kafka_server, changelog)
    count = len(VIEWS) + len(ORDERS)
    code, line = as_told(settings)
    assert (code, line.partition(";")[0]) == (
        1, f"engage: changelog {changelog} is missing, but {count} records were applied: the state is gone"
    )  # fmt: skip
    assert changelog not in admin(own_kafka_server).list_topics().topics

    make(own_kafka_server, changelog, 6, compacted=True)
    assert f"changelog {changelog} has nothing in partitions" in refusal(settings)
    fresh = settings.model_copy(update={"application_id": "other"})
    make(own_kafka_server, fresh.changelog_topic, 6, compacted=True)
    with pytest.raises(TopicsRefusedError, match="other-customers-changelog 6"):
        prepare(fresh)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("more partitions of one", "topic email has 6 partitions, expected 4 as at the start"),
        ("more partitions of all", "topic clickstream has 6 partitions, expected 4 as at the start"),
        ("made anew", "topic clickstream was deleted"),
        ("no changelog", "topic engage-customers-changelog was deleted while the worker ran"),
    ],
)
def test_a_worker_stops_when_its_topics_change_while_it_runs(
    own_kafka_server: KafkaServer, tmp_path: Path, what: str, words: str
) -> None:
    settings = worker_settings(own_kafka_server, tmp_path)
    make_topics(own_kafka_server, settings)
    feed(own_kafka_server, VIEWS)
    environment = {
        "ENGAGE_BOOTSTRAP_SERVERS": settings.bootstrap_servers, "ENGAGE_CREATE_TOPICS": "false",
        "ENGAGE_TOPICS_CHECK_MS": "200",
    }  # fmt: skip
    command = [sys.executable, "-m", "agents.cli", "worker", "--http-port", "0", "--log-level", "error"]
    with subprocess.Popen(command, env={**os.environ, **environment}, stderr=subprocess.PIPE, text=True) as worker:
        try:
            wait_until(lambda: next(records(own_kafka_server, settings.changelog_topic), None) is not None)
            if what == "no changelog":
                delete(own_kafka_server, settings.changelog_topic)
            elif what == "made anew":
                delete(own_kafka_server, "clickstream")
                make(own_kafka_server, "clickstream")
            else:
                widen(own_kafka_server, 6, *(["email"] if what == "more partitions of one" else INPUTS))
            said = worker.communicate(timeout=90)[1].splitlines()
        finally:
            worker.kill()
    assert worker.returncode == EXIT_FAILED
    (line,) = [text for text in said if "Stopping" in text]
    assert words in line
    assert line.endswith("what to do: deploy/topics.md")
