"""``engage topics repartition`` on Apache Kafka: more partitions, and every number as if they had always been."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from agents.cli.main import main
from agents.local.kafka import KafkaServer
from agents.topicadmin import TopicAdmin
from tests.agents.running import (
    differences,
    emitted,
    feed,
    idle,
    make_topics,
    replayed,
    running,
    simulated,
    worker_settings,
)

pytestmark = pytest.mark.timeout(240)


async def repartition(server: KafkaServer, partitions: int, to: str = "engage-2") -> Result:
    """Run the command in another thread: it has a loop of its own, and workers go on meanwhile."""
    arguments = ["--bootstrap", server.bootstrap_servers, "--to", to, "--partitions", str(partitions)]
    return await asyncio.to_thread(CliRunner().invoke, main, ["topics", "repartition", *arguments])


async def test_state_moves_to_more_partitions_and_the_outputs_are_those_of_a_replay(
    own_kafka_server: KafkaServer, tmp_path: Path
) -> None:
    settings = worker_settings(own_kafka_server, tmp_path)
    make_topics(own_kafka_server, settings)
    inputs = sorted(simulated(), key=lambda item: item.value.partition(b'"occurred_at"')[2][:30])
    half = len(inputs) // 2
    feed(own_kafka_server, inputs[:half])
    async with running(settings) as worker:
        await idle(worker, half)
        refused = await repartition(own_kafka_server, 7)
        assert refused.exit_code == 1
        assert "workers of engage run: stop them first" in refused.stderr
    feed(own_kafka_server, inputs[half : half + 1])
    unread = await repartition(own_kafka_server, 7)
    assert unread.exit_code == 1
    assert "has records that were not applied" in unread.stderr
    async with running(settings) as worker:
        await idle(worker, half + 1)

    fewer = await repartition(own_kafka_server, 3)
    assert "topics cannot shrink" in fewer.stderr
    moved = await repartition(own_kafka_server, 7)
    assert moved.exit_code == 0, moved.output
    assert "ENGAGE_APPLICATION_ID=engage-2" in moved.output
    again = await repartition(own_kafka_server, 7)
    assert "has state already" in again.stderr

    wider = settings.model_copy(update={"application_id": "engage-2"})
    counts = {name: topic.partitions for name, topic in TopicAdmin(wider).found().items()}
    assert {counts[name] for name in ("email", "clickstream", wider.changelog_topic, wider.kpi_rows_topic)} == {7}
    feed(own_kafka_server, inputs[half + 1 :])
    async with running(wider) as worker:
        await idle(worker, len(inputs))
        raws = {name: worker.status.customer(name) for name in {key for _, key, _ in inputs}}
    expected = replayed(inputs, tmp_path / "replay")
    assert {name: line["raw"] for name, line in raws.items() if isinstance(line, dict)} == {
        name: line["raw"] for name, line in expected.customers.items()
    }
    assert differences(emitted(own_kafka_server), expected.emitted) == []
