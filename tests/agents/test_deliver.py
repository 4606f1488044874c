"""A chunk leaves whole or not at all, also when an attempt fails half way."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import RequestTimedOutError

from agents.deliver import Delivery, Record
from agents.settings import Settings

pytestmark = pytest.mark.timeout(20)


class Batch:
    def append(self, **record: Any) -> object:
        return record

    def record_count(self) -> int:
        return 1


class Producer:
    """Notes what it is asked; the first send to ``triggers`` fails at once, those to ``score-changes`` take a while."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.failed = False

    async def partitions_for(self, topic: str) -> set[int]:
        return {0}

    async def begin_transaction(self) -> None:
        self.notes.append("begin")

    async def abort_transaction(self) -> None:
        self.notes.append("abort")

    async def commit_transaction(self) -> None:
        self.notes.append("commit")

    def create_batch(self) -> Batch:
        return Batch()

    async def send_batch(self, batch: Batch, topic: str, partition: int) -> asyncio.Future[Any]:
        if topic == "triggers" and not self.failed:
            self.failed = True
            raise RequestTimedOutError
        if topic == "score-changes":
            await asyncio.sleep(0.05)
        self.notes.append(topic)
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        done.set_result(SimpleNamespace(offset=0))
        return done


async def test_nothing_of_a_failed_attempt_falls_into_the_next(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, retry_wait_ms=1)
    delivery, producer = Delivery(settings, 0, "exactly_once"), Producer()
    delivery._producer = producer
    await delivery.send([Record("triggers", b"c", b"1"), Record("score-changes", b"c", b"2")], [(b"k", b"v")])
    await asyncio.sleep(0.2)
    notes = producer.notes
    assert notes.count("begin") == 2
    assert notes.index("abort") > notes.index("score-changes"), "the slow send of the first attempt is over by then"
    second = notes[notes.index("begin", 1) :]
    assert sorted(second) == sorted(["begin", "triggers", "score-changes", settings.changelog_topic, "commit"])
