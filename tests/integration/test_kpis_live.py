"""The figures across customers as a worker publishes them: those of a replay, also over a restart."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import orjson
import pytest

from agents.embedded import EmbeddedBroker
from tests.agents.running import feed, idle, make_topics, records, replayed, running, simulated, worker_settings

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
                found[f"{dimension}:{value}", day] = {name: one for name, one in own.items() if name != "mean_score"}
    return found


async def agreed(broker: Any, wanted: dict[tuple[str, str], dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """What is published in the end: as soon as it is what is wanted, or after some time."""
    deadline = time.monotonic() + 30
    while (found := await asyncio.to_thread(latest, broker)) != wanted and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
    return found


@pytest.mark.parametrize("partitions", [4, 1])
async def test_the_published_figures_are_those_of_a_replay(
    embedded_broker: EmbeddedBroker, tmp_path: Path, partitions: int
) -> None:
    settings = worker_settings(embedded_broker, tmp_path, kpi_ms=100)
    make_topics(embedded_broker, settings, partitions)
    inputs = simulated()
    feed(embedded_broker, inputs)
    replayed(inputs, tmp_path / "replay")
    wanted = expected(orjson.loads((tmp_path / "replay" / "out" / "kpis.json").read_bytes()))

    async with running(settings) as worker:
        await idle(worker, len(inputs))
        found = await agreed(embedded_broker, wanted)
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
    half = len(inputs) // 2
    for part in (inputs[:half], inputs[half:]):
        feed(embedded_broker, part)
        async with running(settings) as worker:
            await worker.settled(40)
            await idle(worker)
    replayed(inputs, tmp_path / "replay")
    wanted = expected(orjson.loads((tmp_path / "replay" / "out" / "kpis.json").read_bytes()))

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
