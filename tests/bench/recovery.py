"""``python -m tests.bench.recovery``: how fast a worker has its state again, from a changelog on Apache Kafka.

Each start is a process of its own. Recovery is from the assignment of the lanes until all of them work (fencing,
reading, setting timers); the start is from the call of the interpreter until then.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import click
import msgspec
import uvloop
from aiokafka.partitioner import murmur2

from agents.changelog import LaneRecord, customer_key, pack
from agents.deliver import Delivery
from agents.local.kafka import KafkaServer
from agents.settings import Settings
from agents.tables import lane_change
from schemas.decode import decode
from schemas.policy import load as default_policy
from schemas.topics import CATALOGUE
from streams import codec
from streams.lane import Lane, Memory
from tests.bench.load import load
from tests.bench.ready import Ready

_CHUNK: Final = 2_500
"""Customers in one transaction of the changelog."""
_NAME: Final = "bench"


def states(events: int, distinct: int) -> list[bytes]:
    """Encoded states of customers with some history, few of them with much."""
    memory = Memory()
    lane = Lane(memory, default_policy(None))
    for topic, _, _, value in load(events, distinct, 4, 1.0):
        lane.feed(decode(topic, value))  # type: ignore[arg-type]
    return [pack(codec.encode(state), state.next_due) for state in memory.values() if state is not None]


def chunks(customers: Sequence[int], version: int, samples: Sequence[bytes]) -> Iterator[list[tuple[bytes, bytes]]]:
    """Changelog records of these customers, each chunk with the lane's own."""
    for start in range(0, len(customers), _CHUNK):
        part = customers[start : start + _CHUNK]
        changes = [(customer_key(f"customer-{index:07}"), samples[(index + version) % len(samples)]) for index in part]
        yield [*changes, lane_change(LaneRecord({}, 0))]  # type: ignore[list-item]


async def fill(settings: Settings, customers: int, partitions: int, versions: int, samples: Sequence[bytes]) -> None:
    """Write a changelog as workers do: in transactions, ``versions`` records of each customer."""
    lanes: list[list[int]] = [[] for _ in range(partitions)]
    for index in range(customers):
        lanes[(murmur2(b"customer-%07d" % index) & 0x7FFFFFFF) % partitions].append(index)
    for number, members in enumerate(lanes):
        delivery = Delivery(settings, number, "exactly_once")
        await delivery.open()
        for version in range(versions):
            for changes in chunks(members, version, samples):
                await delivery.send((), changes)
        await delivery.close()


def start(settings: Settings, *, kill: bool = False) -> tuple[float, Ready]:
    """Start a worker, wait until it is ready, stop it (or kill it); returns seconds from its start, and its report."""
    chosen = settings.model_dump(include=settings.model_fields_set)
    environment = os.environ | {f"ENGAGE_{name.upper()}": str(value) for name, value in chosen.items()}
    began = time.time()
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.ready"], env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as worker:  # fmt: skip
        assert worker.stdin is not None
        assert worker.stdout is not None
        report = msgspec.json.decode(worker.stdout.readline(), type=Ready)
        if kill:
            worker.kill()
        else:
            worker.stdin.write("\n")
            worker.stdin.flush()
        worker.wait(60)
    return report.ready_at - began, report


def leave_page_cache(folder: Path) -> None:
    """Have the files of this folder read from the disk next time, as after a start of the machine."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def line(what: str, seconds: float, report: Ready) -> str:
    """One start for people."""
    wall = report.ready_at - report.assigned_at
    return (
        f"{what}: {report.customers:,} customers, {report.state_bytes:,} bytes, {report.records:,} records; "
        f"recovered in {wall:.2f} s wall, {report.cpu:.2f} s CPU = {report.customers / wall:,.0f} customers/s, "
        f"{report.customers / report.cpu:,.0f} per CPU second, {report.records / wall:,.0f} records/s; "
        f"{seconds:.2f} s from process start, {report.cpu_in_all:.2f} s CPU; "
        f"peak {report.peak_mib:,} MiB; load {os.getloadavg()[0]:.1f}"
    )


@click.command()
@click.option("--customers", default=400_000, show_default=True)
@click.option("--partitions", default=4, show_default=True)
@click.option("--versions", default=1, show_default=True, help="Records of each customer in the changelog.")
@click.option("--store", "stores", multiple=True, default=["memory", "rocksdb"], show_default=True)
@click.option("--repeat", default=1, show_default=True, help="First builds and restarts of each store.")
def main(customers: int, partitions: int, versions: int, stores: Sequence[str], repeat: int) -> None:
    """Measure the first start and a restart with nothing new, with each store."""
    samples = states(10_000, 2_000)
    sizes = [len(sample) for sample in samples]
    with KafkaServer() as server, tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            bootstrap_servers=server.bootstrap_servers, application_id=_NAME, clock="event", create_topics=False,
            log_level="error", instance_id=_NAME,
        )  # fmt: skip
        for name in (*CATALOGUE, settings.changelog_topic, settings.kpi_rows_topic):
            server.create_topic(name, partitions, compacted=name.startswith(_NAME))
        uvloop.run(fill(settings, customers, partitions, versions, samples))
        click.echo(
            f"{customers:,} customers in {partitions} lanes, {versions} records each, value of "
            f"{statistics.mean(sizes):,.0f} bytes in the mean, {statistics.median(sizes):,.0f} in the median"
        )
        for attempt in range(repeat):
            for store in stores:
                chosen = settings.model_copy(update={"store": store, "data_dir": Path(folder) / str(attempt)})
                click.echo(line(f"{store}, first start", *start(chosen, kill=True)))
                click.echo(line(f"{store}, start after SIGKILL", *start(chosen)))
                if store == "rocksdb":
                    click.echo(line(f"{store}, restart", *start(chosen)))
                    leave_page_cache(chosen.data_dir)
                    click.echo(line(f"{store}, restart, nothing in the page cache", *start(chosen)))


if __name__ == "__main__":
    main()
