"""``python -m tests.bench.recovery``: how fast a worker is ready again, from the changelog, on Apache Kafka."""

from __future__ import annotations

import asyncio
import resource
import tempfile
import time
from pathlib import Path

import click
import uvloop
from aiokafka.partitioner import murmur2
from confluent_kafka import Producer

from agents.changelog import customer_key, pack
from agents.local.kafka import KafkaServer
from agents.settings import Settings
from agents.worker import Worker
from schemas.decode import decode
from schemas.policy import load as default_policy
from schemas.topics import CATALOGUE
from streams import codec
from streams.lane import Lane, Memory
from tests.bench.load import load


def states(events: int, distinct: int) -> list[bytes]:
    """Encoded states of customers with some history."""
    memory = Memory()
    lane = Lane(memory, default_policy(None))
    for topic, _, _, value in load(events, distinct, 4, 0.0):
        lane.feed(decode(topic, value))  # type: ignore[arg-type]
    return [pack(codec.encode(state), state.next_due) for state in memory.values() if state is not None]


def fill(server: KafkaServer, settings: Settings, customers: int, partitions: int, samples: list[bytes]) -> int:
    """Write a changelog of so many customers; returns its bytes."""
    producer = Producer({
        "bootstrap.servers": server.bootstrap_servers, "linger.ms": 50, "batch.size": 500_000,
        "queue.buffering.max.messages": 1_000_000,
    })  # fmt: skip
    size = 0
    for index in range(customers):
        name = f"customer-{index:07}"
        value = samples[index % len(samples)]
        number = (murmur2(name.encode()) & 0x7FFFFFFF) % partitions
        size += len(value)
        producer.produce(settings.changelog_topic, partition=number, key=customer_key(name), value=value)
        if index % 1_000 == 0:
            producer.poll(0)
    producer.flush()
    return size


async def measure(settings: Settings) -> tuple[float, float, int]:
    """Seconds until all lanes are ready, CPU seconds of that, and customers held."""
    async with Worker(settings, default_policy(None)) as worker:
        while not worker.lanes.lanes:
            await asyncio.sleep(0.001)
        wall, cpu = time.perf_counter(), time.process_time()
        await worker.ready(300)
        return (
            time.perf_counter() - wall,
            time.process_time() - cpu,
            sum(lane.customers.count for lane in worker.lanes.lanes.values()),
        )


@click.command()
@click.option("--customers", default=400_000, show_default=True)
@click.option("--partitions", default=4, show_default=True)
@click.option("--store", default="memory", show_default=True, type=click.Choice(["memory", "rocksdb"]))
def main(customers: int, partitions: int, store: str) -> None:
    """Measure recovery, and with rocksdb a second start that reads the tail only."""
    samples = states(20_000, 2_000)
    with KafkaServer() as server, tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            bootstrap_servers=server.bootstrap_servers, application_id="bench", clock="event", create_topics=False,
            data_dir=Path(folder), store=store,
        )  # fmt: skip
        for name in (*CATALOGUE, settings.changelog_topic):
            server.create_topic(name, partitions, compacted=name == settings.changelog_topic)
        size = fill(server, settings, customers, partitions, samples)
        click.echo(f"{customers:,} customers, {size / customers:,.0f} bytes each, {partitions} lanes, store {store}")
        for attempt in ("first start", "second start"):
            wall, cpu, held = uvloop.run(measure(settings))
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
            click.echo(
                f"{attempt}: {held:,} customers in {wall:.2f} s = {held / wall:,.0f}/s, "
                f"{held / cpu:,.0f} per CPU second, peak {peak:,} MiB"
            )


if __name__ == "__main__":
    main()
