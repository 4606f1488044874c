"""What is measured while the worker works: its memory, its gauges, the topics on disk, and Redis."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType
from redis import Redis

from agents.changelog import FIGURE
from agents.local.kafka import KafkaServer
from agents.local.redis import RedisServer
from schemas.topics import CATALOGUE
from tests.chaos.cluster import CHANGELOG, KPI_ROWS, read
from tests.chaos.load import PARTITIONS
from tests.chaos.workers import WorkerPlace
from tests.soak.verdict import Sample

BROKER = {"log.cleaner.backoff.ms": "500", "log.cleaner.threads": "1"}
COMPACTED_SOON = {
    "cleanup.policy": "compact",
    "segment.bytes": str(1024 * 1024),
    "segment.ms": "10000",
    "min.cleanable.dirty.ratio": "0.1",
    "max.compaction.lag.ms": "15000",
    "file.delete.delay.ms": "1000",
}
"""Compaction as in months, within seconds."""


def make_topics(server: KafkaServer) -> None:
    """The topics of a worker, those of its state with compaction that comes within the run."""
    admin = AdminClient({"bootstrap.servers": server.bootstrap_servers, "log_level": 0})
    topics = [NewTopic(name, PARTITIONS, 1) for name in CATALOGUE]
    topics += [NewTopic(name, PARTITIONS, 1, config=COMPACTED_SOON) for name in (CHANGELOG, KPI_ROWS)]
    for made in admin.create_topics(topics).values():
        made.result(30)


def let_tombstones_go(server: KafkaServer) -> None:
    """Within seconds, too. Done when the worker runs: with RocksDB none starts on topics that forget deletions."""
    admin = AdminClient({"bootstrap.servers": server.bootstrap_servers, "log_level": 0})
    entry = ConfigEntry("delete.retention.ms", "5000", incremental_operation=AlterConfigOpType.SET)
    topics = [ConfigResource(ResourceType.TOPIC, name, incremental_configs=[entry]) for name in (CHANGELOG, KPI_ROWS)]
    for changed in admin.incremental_alter_configs(topics).values():
        changed.result(30)


def on_disk(server: KafkaServer, topic: str) -> int:
    """Bytes of a topic's log segments, those that are to be deleted left out."""
    total = 0
    for part in (server.data / "topics").glob(f"{topic}-[0-9]*"):
        for segment in part.glob("*.log"):
            try:
                total += segment.stat().st_size
            except FileNotFoundError:
                continue
    return total


class Held(NamedTuple):
    """What lies in the changelog: records of customers (tombstones and marks too), and rows of the figures."""

    customer_records: int
    customer_bytes: int
    rows: int


def in_changelog(server: KafkaServer) -> Held:
    """Read it whole, as a worker that takes the lanes over would; of the figures each row is counted once."""
    count = size = 0
    rows: dict[tuple[int, bytes], bool] = {}
    for record in read(server.bootstrap_servers, CHANGELOG):
        key, value = record.key(), record.value()
        if key[:1] == FIGURE:
            rows[record.partition(), key] = value is not None
        else:
            count, size = count + 1, size + len(key) + len(value or b"")
    return Held(count, size, sum(rows.values()))


def resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def sample(
    begun: float, day: int, records: int, server: KafkaServer, place: WorkerPlace, redis: RedisServer | None
) -> Sample | None:
    """Everything at this moment; None while the worker does not answer."""
    gauges = place.gauges()
    if place.pid is None or "engage_customers" not in gauges:
        return None
    keys, memory = 0, 0
    if redis is not None:
        with Redis.from_url(redis.url) as client:
            found: Any = client.info("memory")
            keys, memory = int(client.dbsize()), int(found["used_memory"])  # type: ignore[arg-type]
    return Sample(
        seconds=time.monotonic() - begun,
        day=day,
        records=records,
        rss=resident(place.pid),
        live=_sum(gauges, "engage_customers"),
        state=_sum(gauges, "engage_state_bytes"),
        timers=_sum(gauges, "engage_timers_pending"),
        changelog=on_disk(server, CHANGELOG),
        **in_changelog(server)._asdict(),
        redis=memory,
        redis_keys=keys,
    )


def _sum(gauges: dict[str, dict[str, float]], name: str) -> int:
    return int(sum(gauges.get(name, {}).values()))
