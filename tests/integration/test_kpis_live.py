"""The figures across customers as a worker publishes them: those of a replay, also over a restart."""

from __future__ import annotations

import asyncio
import json
import re
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from prometheus_client import generate_latest

from agents.embedded import EmbeddedBroker
from agents.replay.reading import find_sources
from agents.replay.run import replay
from schemas.policy import load
from schemas.times import DAY, Instant, day_of
from tests.agents.running import (
    Input,
    feed,
    idle,
    make_topics,
    records,
    replayed,
    run_twice,
    running,
    simulated,
    worker_settings,
)

pytestmark = pytest.mark.timeout(120)


def latest(broker: Any) -> dict[tuple[str, str], dict[str, Any]]:
    """The last figures of each slice and day."""
    found = {}
    for record in records(broker, "kpis"):
        envelope = orjson.loads(record.value())
        found[envelope["subject"], envelope["data"]["day"]] = envelope["data"]["figures"]
    return found


def ids(broker: Any) -> list[str]:
    """The ids of all that was published."""
    return [orjson.loads(record.value())["id"] for record in records(broker, "kpis")]


def expected(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """The figures of ``kpis.json``, each slice and day by itself."""
    found = {}
    for day, figures in {"total": document["total"], **document["by_day"]}.items():
        found["overall", day] = {name: value for name, value in figures.items() if name != "by"}
        for dimension, values in figures["by"].items():
            for value, own in values.items():
                found[f"{dimension}:{value}", day] = dict(own)
    return found


def wanted_of(inputs: list[Input], folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """What a replay of these records comes to; its mean scores are those at the end of the last day that is over."""
    summary = replayed(inputs, folder).summary
    wanted = expected(orjson.loads((folder / "out" / "kpis.json").read_bytes()))
    over = Instant(day_of(summary.end or 0) * DAY - 1)
    replay(find_sources([folder / "in"]), folder / "over", load(None), over)
    until = expected(orjson.loads((folder / "over" / "kpis.json").read_bytes()))
    scored = {where for where, figures in until.items() if figures.get("mean_score") is not None}
    assert len(scored) > 2
    for where, figures in wanted.items():
        if "mean_score" in figures:
            figures["mean_score"] = until[where]["mean_score"] if where in scored else None
    return wanted


def unseen(exposed: str) -> list[str]:
    """What the panels of the dashboard ask for and ``/metrics`` of a worker has not: metrics, and series of figures."""
    dashboard = json.loads((Path(__file__).parents[2] / "deploy/grafana/dashboards/engage.json").read_text())
    asked = " ".join(target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ()))
    names = set(re.findall(r"\bengage_[a-z0-9_]+", asked))
    known = set(re.findall(r"^# TYPE (\w+)", exposed, re.MULTILINE))
    known |= {f"{name}_{part}" for name in known for part in ("bucket", "sum", "count")}
    shown = {(found["figure"], found["dimension"]) for found in labels_of("engage_kpi", exposed)}
    missing = sorted(names - known)
    for wanted in labels_of("engage_kpi", asked):
        dimensions = wanted["dimension"].split("|")
        if not any((wanted["figure"], dimension) in shown for dimension in dimensions):
            missing.append(f"{wanted['figure']} by {wanted['dimension']}")
    return missing


def labels_of(metric: str, text: str) -> list[dict[str, str]]:
    """The labels of each place where a metric stands in a text, with their values."""
    return [dict(re.findall(r'(\w+)=~?"([^"]*)"', labels)) for labels in re.findall(rf"\b{metric}{{([^}}]*)}}", text)]


async def agreed(broker: Any, wanted: dict[tuple[str, str], dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """What is published in the end: as soon as it is what is wanted, or after some time."""
    deadline = time.monotonic() + 30
    while (found := await asyncio.to_thread(latest, broker)) != wanted and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
    return found


@pytest.mark.parametrize(
    ("server", "partitions"),
    [("embedded_broker", 4), ("embedded_broker", 1), pytest.param("own_kafka_server", 4, marks=pytest.mark.kafka)],
)
async def test_the_published_figures_are_those_of_a_replay(
    request: pytest.FixtureRequest, tmp_path: Path, server: str, partitions: int
) -> None:
    broker = request.getfixturevalue(server)
    settings = worker_settings(broker, tmp_path, kpi_ms=100)
    make_topics(broker, settings, partitions)
    inputs = simulated()
    feed(broker, inputs)
    wanted = wanted_of(inputs, tmp_path / "replay")

    async with running(settings) as worker:
        await idle(worker, len(inputs))
        found = await agreed(broker, wanted)
        assert unseen(generate_latest(worker.registry).decode()) == []
        shown = worker.registry.get_sample_value(
            "engage_kpi", {"figure": "customers", "dimension": "level", "value": "low"}
        )

    assert sorted(found) == sorted(wanted)
    for where, figures in wanted.items():
        assert found[where] == figures, where
    assert shown == wanted["overall", "total"]["levels"]["low"]


async def test_nothing_is_counted_twice_or_lost_over_a_restart(embedded_broker: EmbeddedBroker, tmp_path: Path) -> None:
    settings = worker_settings(embedded_broker, tmp_path, kpi_ms=100)
    make_topics(embedded_broker, settings)
    inputs = simulated()
    await run_twice(embedded_broker, settings, inputs)
    wanted = wanted_of(inputs, tmp_path / "replay")

    async with running(settings):
        found = await agreed(embedded_broker, wanted)
    assert found["overall", "total"] == wanted["overall", "total"]
    said = ids(embedded_broker)

    async with running(settings):
        deadline = time.monotonic() + 30
        while len(again := await asyncio.to_thread(ids, embedded_broker)) < len(said) + len(wanted):
            assert time.monotonic() < deadline, "a new publisher did not say all figures again"
            await asyncio.sleep(0.2)
    assert set(again) == set(said)
