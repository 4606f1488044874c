"""``python -m tests.bench.ready``: a worker with the settings of the environment, until a line comes on its input.

Prints one line of JSON once all lanes have their state: when that was, and what it took.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time

import msgspec
import uvloop

from agents.collector import collect_garbage_rarely
from agents.settings import load_settings
from agents.worker import Worker
from schemas.policy import load
from tests.bench.memory import peak_bytes

_POLL_SECONDS = 0.001
_AT_MOST_SECONDS = 600.0


class Read(logging.Handler):
    """Adds up the changelog records that lanes say they have read."""

    records = 0

    def emit(self, record: logging.LogRecord) -> None:
        """A line of a lane; the second of what it tells is how many records were read."""
        if record.msg.startswith("Lane %d ready") and isinstance(record.args, tuple):
            self.records += record.args[1]  # type: ignore[operator]


class Ready(msgspec.Struct, frozen=True):
    """``assigned_at`` and ``ready_at`` are unix seconds; ``cpu`` seconds are those in between, ``cpu_in_all`` all."""

    assigned_at: float
    ready_at: float
    cpu: float
    cpu_in_all: float
    customers: int
    records: int
    state_bytes: int
    timers: int
    peak_mib: int


async def main() -> None:
    """Start, report, wait to be told to stop."""
    settings = load_settings()
    read = Read()
    lines = logging.getLogger("agents.lanes.lane")
    lines.addHandler(read)
    lines.setLevel(logging.INFO)
    async with Worker(settings, load(settings.policy_file)) as worker:
        while not worker.lanes.lanes:
            await asyncio.sleep(_POLL_SECONDS)
        assigned_at, cpu = time.time(), time.process_time()
        await worker.ready(_AT_MOST_SECONDS)
        lanes = worker.lanes.lanes.values()
        report = Ready(
            assigned_at, time.time(), time.process_time() - cpu, time.process_time(),
            sum(lane.customers.count for lane in lanes), read.records,
            sum(lane.customers.state_bytes for lane in lanes),
            sum(lane.timers()[0] for lane in lanes), peak_bytes() >> 20,
        )  # fmt: skip
        print(msgspec.json.encode(report).decode(), flush=True)
        await asyncio.to_thread(sys.stdin.readline)


if __name__ == "__main__":
    collect_garbage_rarely()
    uvloop.run(main())
