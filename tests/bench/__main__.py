"""``python -m tests.bench``: a worker and a plain loop on the embedded broker, in the same run, in a table."""

from __future__ import annotations

import multiprocessing
import time
from typing import Any, Final

import click
from confluent_kafka import Producer

from agents.embedded import EmbeddedBroker
from schemas.topics import CATALOGUE
from tests.bench.load import Item, load
from tests.bench.subjects import Measure, engine, loop

_AHEAD: Final = 60_000
"""Records that may wait on the broker: it keeps only the newest 5 MiB of a partition."""
_ROW: Final = "{:22} {:>14} {:>16} {:>12} {:>12}"


def measure(subject: Any, items: list[Item], partitions: int) -> Measure:
    """Run one subject in a process of its own on a fresh broker, and feed it as fast as it takes the records."""
    context = multiprocessing.get_context("spawn")
    with EmbeddedBroker() as broker:
        for name in (*CATALOGUE, "bench-customers-changelog"):
            broker.create_topic(name, partitions)
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
def main(events: int, customers: int, partitions: int, zipf: float) -> None:
    """Measure a worker beside a plain loop."""
    items = load(events, customers, partitions, zipf)
    click.echo(f"{events:,} events, {customers:,} customers (Zipf {zipf}), {partitions} partitions, embedded broker")
    found = {}
    for name, subject in (("plain loop", loop), ("engine, one worker", engine)):
        started = time.perf_counter()
        found[name] = measure(subject, items, partitions)
        click.echo(f"{name}: {time.perf_counter() - started:.0f} s", err=True)
    click.echo(_ROW.format("", "events/s", "events/CPU s", "peak MiB", "emitted"))
    for name, (wall, cpu, peak, records) in found.items():
        click.echo(
            _ROW.format(name, f"{events / wall:,.0f}", f"{events / cpu:,.0f}", f"{peak >> 20:,}", f"{records:,}")
        )
    plain, worker = found["plain loop"], found["engine, one worker"]
    click.echo(f"ratio of events per CPU second, engine to plain loop: {plain.cpu_seconds / worker.cpu_seconds:.2f}")


if __name__ == "__main__":
    main()
