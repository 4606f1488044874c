"""``python -m tests.bench``: a worker and a plain loop on the same broker, in the same run, in a table."""

from __future__ import annotations

import multiprocessing
import statistics
from typing import Any, Final

import click
from confluent_kafka import Producer

from agents.embedded import EmbeddedBroker
from agents.local.kafka import KafkaServer
from schemas.topics import CATALOGUE
from tests.bench.load import Item, load
from tests.bench.subjects import Measure, engine, engine_exactly_once, loop

_AHEAD: Final = 60_000
"""Records that may wait on the broker: it keeps only the newest 5 MiB of a partition."""
_ROW: Final = "{:22} {:>10} {:>14} {:>10} {:>10} {:>12}"


def measure(subject: Any, items: list[Item], partitions: int, kafka: bool = False) -> Measure:
    """Run one subject in a process of its own on a fresh broker, and feed it as fast as it takes the records."""
    context = multiprocessing.get_context("spawn")
    with KafkaServer() if kafka else EmbeddedBroker() as broker:
        for name in (*CATALOGUE, "bench-customers-changelog", "bench-kpi-rows"):
            broker.create_topic(name, partitions, compacted=name not in CATALOGUE)
        handled = context.Value("q", 0)
        answers, answer = context.Pipe(duplex=False)
        arguments = (broker.bootstrap_servers, len(items), partitions, handled, answer)
        process = context.Process(target=subject, args=arguments)
        process.start()
        try:
            answers.recv()
            _feed(broker.bootstrap_servers, items, handled, process)
            found: Measure = answers.recv()
        finally:
            process.join(20)
            process.kill()
    return found


def _feed(bootstrap_servers: str, items: list[Item], handled: Any, process: Any) -> None:
    producer = Producer({"bootstrap.servers": bootstrap_servers, "linger.ms": 50, "batch.size": 262_144})
    for index, (topic, partition, key, value) in enumerate(items):
        if index % 1_000 == 0:
            producer.poll(0)
            while index - handled.value > _AHEAD:
                if not process.is_alive():
                    raise click.ClickException("the subject has stopped")
                producer.poll(0.005)
        producer.produce(topic, partition=partition, key=key, value=value)
    producer.flush()


@click.command()
@click.option("--events", default=400_000, show_default=True)
@click.option("--customers", default=50_000, show_default=True)
@click.option("--partitions", default=4, show_default=True)
@click.option("--zipf", default=1.1, show_default=True)
@click.option("--rounds", default=1, show_default=True, help="All subjects in turn, so often; medians are shown.")
@click.option("--kafka", is_flag=True, help="On Apache Kafka, which also shows what transactions cost.")
def main(events: int, customers: int, partitions: int, zipf: float, rounds: int, kafka: bool) -> None:
    """Measure a worker beside a plain loop."""
    items = load(events, customers, partitions, zipf)
    broker = "Apache Kafka" if kafka else "embedded broker"
    click.echo(f"{events:,} events, {customers:,} customers (Zipf {zipf}), {partitions} partitions, {broker}")
    subjects = [("plain loop", loop), ("engine, at least once", engine)]
    if kafka:
        subjects.append(("engine, exactly once", engine_exactly_once))
    click.echo(_ROW.format("", "events/s", "events/CPU s", "peak MiB", "emitted", "of the loop"))
    taken: dict[str, list[Measure]] = {name: [] for name, _ in subjects}
    for _ in range(rounds):
        for name, subject in subjects:
            taken[name].append(measure(subject, items, partitions, kafka))
    middle = {name: Measure(*map(statistics.median, zip(*found, strict=True))) for name, found in taken.items()}
    for name, (wall, cpu, peak, records) in middle.items():
        share = f"{middle['plain loop'].cpu_seconds / cpu:.2f}"
        speeds = (f"{events / wall:,.0f}", f"{events / cpu:,.0f}")
        click.echo(_ROW.format(name, *speeds, f"{int(peak) >> 20:,}", f"{records:,.0f}", share))
    click.echo("of the loop: events per CPU second of the process, beside those of the plain loop")
    if kafka:
        once, least = middle["engine, exactly once"], middle["engine, at least once"]
        click.echo(
            f"exactly once beside at least once: {least.wall_seconds / once.wall_seconds:.2f} of the events/s, "
            f"{least.cpu_seconds / once.cpu_seconds:.2f} of the events per CPU second"
        )


if __name__ == "__main__":
    main()
