"""Faust's aiokafka consumer, taught to hand over chunks and to leave positions and commits to the lanes.

What is changed of Faust, and nothing else (``tests/contract`` watches the ground):

- ``getmany`` yields one message for each partition's records. Stock Faust makes several tasks for every record.
- ``perform_seek`` and ``resume_partitions`` do nothing: a lane seeks and resumes its own partitions when it has read
  its state, to the record after the last one that its state holds.
- ``force_commit`` commits what the lanes have applied. Nothing reads it back: it is for those who watch the lag.
- The assignor is Faust's co-partitioning one also without tables, so that a lane's six partitions stay together.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any, cast

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from faust.types import TP

from agents.transport.chunks import Chunk
from agents.transport.standing import Standings

_POLL_WHILE_PAUSED = 0.05


class ChunkConsumerThread(AIOKafkaConsumerThread):  # type: ignore[misc]
    """The thread that owns the aiokafka consumer."""

    def _create_consumer(self, loop: asyncio.AbstractEventLoop) -> Any:
        consumer = super()._create_consumer(loop)
        settings = self.app.settings
        consumer._partition_assignment_strategy = [self.app.assignor]  # noqa: SLF001
        consumer._fetch_max_wait_ms = settings.fetch_wait_ms  # noqa: SLF001
        consumer._isolation_level = "read_committed"  # noqa: SLF001
        return consumer

    async def _commit(self, offsets: Any) -> bool:
        """Commit for lag monitors; stock Faust ends the worker when it fails."""
        try:
            await self._ensure_consumer().commit(
                {TopicPartition(tp.topic, tp.partition): offset for tp, offset in offsets.items()}
            )
        except (KafkaError, TimeoutError) as failure:
            self.log.warning("Offsets were not committed (for lag monitors only): %s", type(failure).__name__)
            return False
        return True


class ChunkConsumer(Consumer):  # type: ignore[misc]
    """A Faust consumer whose messages are chunks."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.standings = Standings()
        self._wake = asyncio.Event()

    def _new_consumer_thread(self) -> ChunkConsumerThread:
        return ChunkConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def create_topic(self, topic: str, partitions: int, replication: int, **kwargs: Any) -> None:
        """Topics are made before the worker starts (``agents.topics``)."""

    async def perform_seek(self) -> None:
        """The lanes seek."""

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """The lanes resume: this is Faust's call, for everything assigned."""

    def release_partitions(self, tps: Iterable[TP]) -> None:
        """Fetch these again; called by a lane."""
        super().resume_partitions(set(tps) & self.assignment())
        self._wake.set()

    async def force_commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:  # noqa: ARG002
        """Commit what the lanes have applied since the last time."""
        lanes = self.app.lanes
        if self.app.rebalancing or lanes is None:
            return False
        assigned = self.assignment()
        offsets = {tp: offset for tp, offset in lanes.uncommitted().items() if tp in assigned}
        if not offsets or not await self._commit(offsets):
            return False
        lanes.committed(offsets)
        return True

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:
        """Chunks that have come, one message each; ends when there are none."""
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        self.not_waiting_next_records.clear()
        try:
            records = await self._fetch(timeout)
        finally:
            self.not_waiting_next_records.set()
        generation = self.app.consumer_generation_id
        if self.should_stop or not self.flow_active:
            return
        for tp, found in records.items():
            if not self.flow_active or generation != self.app.consumer_generation_id:
                return
            yield tp, self._chunk_message(tp, found, generation)

    async def _fetch(self, timeout: float) -> dict[TP, list[Any]]:
        active = set(self._get_active_partitions())
        if not active:
            self._wake.clear()
            await self.wait_first(self._wake.wait(), timeout=_POLL_WHILE_PAUSED)
            return {}
        wait = _POLL_WHILE_PAUSED if self._paused_partitions else min(timeout, self.app.settings.fetch_wait_ms / 1000)
        generation = self.app.consumer_generation_id
        found = await self._getmany(active_partitions=active, timeout=wait)
        if generation != self.app.consumer_generation_id:
            return {}
        records = cast(dict[TP, list[Any]], found)
        self.standings.look(self._thread._ensure_consumer(), records)  # noqa: SLF001
        return records

    def _chunk_message(self, tp: TP, records: list[Any], generation: int) -> Any:
        last = records[-1]
        message = self._to_message(tp, last)
        message.key = None
        message.headers = []
        message.value = Chunk(last.topic, last.partition, generation, records)
        return message


class ChunkTransport(Transport):  # type: ignore[misc]
    """Faust's aiokafka transport with the chunk consumer."""

    Consumer = ChunkConsumer
