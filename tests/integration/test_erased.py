"""``engage erased`` proves an erasure on Apache Kafka and Redis: before, after, and after compaction."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from confluent_kafka.admin import AdminClient, NewTopic
from redis import Redis

from agents.cli.main import main
from agents.local import kafka
from agents.local.kafka import KafkaServer
from agents.local.process import LOOPBACK, free_port
from agents.local.redis import RedisServer
from agents.settings import Settings
from agents.worker import Worker
from schemas.topics import CATALOGUE
from tests.agents.running import Input, event, feed, idle, replayed, running
from tests.conftest import need
from tests.integration.viewing import view_settings, written
from tests.soak.measure import BROKER, COMPACTED_SOON

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

ANN = "ann-17"
MINUTE, DAY = 60_000, 86_400_000
STATE = {"state", "timers", "engage-customers-changelog", "Redis", "worker", "RocksDB"}
TAKES_SECONDS = 90.0


@pytest.fixture
def server() -> Iterator[KafkaServer]:
    """Apache Kafka that compacts within seconds."""
    need(kafka.missing)
    with KafkaServer(properties=BROKER) as found:
        yield found


def make_topics(server: KafkaServer, settings: Settings) -> None:
    admin = AdminClient({"bootstrap.servers": server.bootstrap_servers})
    soon = {**COMPACTED_SOON, "segment.ms": "500", "max.compaction.lag.ms": "500", "delete.retention.ms": "86400000"}
    topics = [NewTopic(name, 2, 1, config={"retention.ms": str(14 * DAY)}) for name in CATALOGUE]
    topics += [NewTopic(name, 2, 1, config=soon) for name in (settings.changelog_topic, settings.kpi_rows_topic)]
    for made in admin.create_topics(topics).values():
        made.result(30)


def life_of(name: str, at: int = 0) -> list[Input]:
    """A customer with a profile, an open ticket, an order, an abandoned cart, and a record that cannot be applied."""
    return [
        event("profiles", "updated", name, at, f"{name}-p", attributes={"job_title": "owner", "country": "PT"}),
        event("clickstream", "add_to_cart", name, at + MINUTE, f"{name}-c", product_id="p1"),
        event("purchases", "ordered", name, at + 2 * MINUTE, f"{name}-o", order_id="o1", amount="700"),
        event("support-tickets", "created", name, at + 3 * MINUTE, f"{name}-t", ticket_id="t1", channel="web"),
        event("surveys", "nps", name, at + 4 * MINUTE, f"{name}-n", score=10),
        event("surveys", "nps", name, at + 5 * MINUTE, f"{name}-x", score=77),
    ]


def asked(server: KafkaServer, redis: RedisServer, settings: Settings, *more: str) -> tuple[int, dict[str, Any]]:
    """The exit code of ``engage erased ann-17`` and what it says, by place."""
    found = CliRunner().invoke(
        main,
        [
            "erased", ANN, "--bootstrap", server.bootstrap_servers, "--redis", redis.url, "--data-dir",
            str(settings.data_dir), "--worker", f"http://{LOOPBACK}:{settings.http_port}", "--json", *more,
        ],
    )  # fmt: skip
    assert found.exit_code in (0, 1), found.output
    shown = json.loads(found.stdout)
    assert shown["erased"] == (found.exit_code == 0)
    return found.exit_code, shown["places"]


def verdicts(places: list[dict[str, str]], verdict: str) -> set[str]:
    """The places of a verdict; all stores count as RocksDB, all workers as worker."""
    return {place["name"].split(" ")[0] for place in places if place["verdict"] == verdict}


def on_disk(server: KafkaServer, topic: str, text: str) -> bool:
    """Whether a text lies in a segment of a topic."""
    segments = (server.data / "topics").glob(f"{topic}-*/*.log")
    return any(text.encode() in segment.read_bytes() for segment in segments)


async def test_an_erasure_is_proved_place_by_place_and_after_compaction_nothing_is_left(
    server: KafkaServer, redis_server: RedisServer, tmp_path: Path
) -> None:
    settings = view_settings(server, redis_server, tmp_path, store="rocksdb", http_port=free_port())
    make_topics(server, settings)
    changelog = settings.changelog_topic
    async with running(settings, http=True) as worker:
        feed(server, [*life_of(ANN), *life_of("bob")])
        await idle(worker, 12)
        await written(worker)
        code, before = await asyncio.to_thread(asked, server, redis_server, settings)
        assert code == 1
        assert {"state", "timers", "Redis", "worker", "RocksDB"} <= verdicts(before, "left")
        redis_keys = {place["what"] for place in before if place["name"] == "Redis"}
        assert redis_keys == {f"engage:customer:{ANN}", f"engage:triggers:{ANN}", "engage:by-score"}
        assert verdicts(before, "kept") >= {"clickstream", "purchases", "score-changes", "triggers", "dead-letters"}
        assert on_disk(server, changelog, f"{ANN}-o"), "the id of an event is part of the state"

        feed(server, [event("profiles", "erased", ANN, 10 * MINUTE, f"{ANN}-e")])
        await idle(worker, 13)
        await written(worker)
        _, after = await asyncio.to_thread(asked, server, redis_server, settings)
        assert verdicts(after, "left") <= {changelog}
        assert verdicts(after, "nothing") >= STATE - {changelog}
        mark = next(place for place in after if place["name"] == f"{changelog}: mark")
        assert mark["verdict"] == "kept"
        assert "12:10:00" in mark["what"]
        assert any(place["name"] == f"{changelog}: tombstone" for place in after)

        last, places = await compacted(server, redis_server, settings, worker)
    assert last == 0
    assert verdicts(places, "left") == set()
    assert verdicts(places, "nothing") >= STATE
    kept = {place["name"]: place for place in places if place["verdict"] == "kept"}
    assert all(place["until"] for place in kept.values())
    assert not on_disk(server, changelog, f"{ANN}-o")
    with Redis.from_url(redis_server.url) as client:
        assert not list(client.scan_iter(f"*{ANN}*"))
        assert client.exists("engage:customer:bob")


async def compacted(
    server: KafkaServer, redis: RedisServer, settings: Settings, worker: Worker
) -> tuple[int, list[dict[str, str]]]:
    """Others go on, so that segments end and are compacted, until nothing is left or it takes too long."""
    deadline, number = time.monotonic() + TAKES_SECONDS, 0
    while True:
        code, places = await asyncio.to_thread(asked, server, redis, settings)
        if code == 0 or time.monotonic() > deadline:
            return code, places
        for name in ("bob", "cleo", "dora", "eve", "finn"):
            number += 1
            feed(server, [event("clickstream", "page_view", name, 20 * MINUTE + number, f"more-{number}", url="/")])
        await idle(worker)


async def test_one_who_comes_again_after_an_erasure_is_told_from_what_was_before(
    server: KafkaServer, redis_server: RedisServer, tmp_path: Path
) -> None:
    settings = view_settings(server, redis_server, tmp_path, http_port=free_port())
    make_topics(server, settings)
    async with running(settings, http=True) as worker:
        feed(server, [*life_of(ANN), event("profiles", "erased", ANN, DAY, f"{ANN}-e")])
        await idle(worker, 7)
        feed(server, [event("clickstream", "page_view", ANN, 2 * DAY, f"{ANN}-again", url="/")])
        await idle(worker, 8)
        await written(worker)
        code, places = await asyncio.to_thread(asked, server, redis_server, settings, "--no-topics")
    assert code == 1
    state = next(place for place in places if place["name"] == "state")
    assert "came again after the erasure of 2026-01-02T12:00:00.000Z" in state["what"]
    assert "inputs, outputs, dead letters" in {place["name"] for place in places if place["verdict"] == "not_looked"}


def test_a_broker_on_which_no_worker_ran_proves_nothing(server: KafkaServer) -> None:
    found = CliRunner().invoke(main, ["erased", ANN, "--bootstrap", server.bootstrap_servers])
    assert found.exit_code == 1
    assert "no worker ran there" in found.stderr


async def test_figures_after_an_erasure_stand_as_if_the_customer_had_gone_and_count_what_they_had_counted(
    server: KafkaServer, redis_server: RedisServer, tmp_path: Path
) -> None:
    settings = view_settings(server, redis_server, tmp_path, kpi_ms=50, http_port=free_port())
    make_topics(server, settings)
    solved = event("support-tickets", "solved", ANN, 6 * MINUTE, f"{ANN}-s", ticket_id="t1")
    inputs = [*life_of(ANN), solved, *life_of("bob")]
    erasure = event("profiles", "erased", ANN, 10 * MINUTE, f"{ANN}-e")
    with_ann = total(tmp_path / "with", inputs)
    without = total(tmp_path / "without", life_of("bob"))
    wanted = total(tmp_path / "erased", [*inputs, erasure])
    for standing in ("levels", "roles", "segments"):
        assert wanted[standing] == without[standing]
    assert (with_ann["fcr"]["pending"], wanted["fcr"]["pending"]) == (1, 0)
    for counter in ("revenue", "orders", "tickets", "nps", "funnel", "conversion"):
        assert wanted[counter] == with_ann[counter]

    async with running(settings) as worker:
        feed(server, [*inputs, erasure])
        await idle(worker, len(inputs) + 1)
        deadline = time.monotonic() + 60
        while (board := worker.kpis.board) is None or (
            (found := plain(board.figures((None, None)))) != wanted and time.monotonic() < deadline
        ):
            assert time.monotonic() < deadline + 5, "nobody publishes figures"
            await asyncio.sleep(0.1)
    assert found == wanted


def total(folder: Path, inputs: list[Input]) -> dict[str, Any]:
    """The figures of a replay, without its slices and what is worked out at the end of a day."""
    replayed(inputs, folder)
    document = json.loads((folder / "out" / "kpis.json").read_bytes())
    return plain({name: value for name, value in document["total"].items() if name != "by"})


def plain(figures: dict[str, Any]) -> dict[str, Any]:
    """Figures as they are written, without what is worked out at the end of a day."""
    found: dict[str, Any] = json.loads(json.dumps(figures, default=str))
    return {name: value for name, value in found.items() if name != "mean_score"}
