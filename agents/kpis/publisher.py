"""Publishes the figures across all lanes: records on ``kpis``, and gauges. The worker that has lane 0 does it for all.

What is published follows from the rows alone: a new publisher reads them all and publishes each slice once more, with
the ids that it had.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.connection import aiokafka_options
from agents.deliver import Delivery, Record
from agents.kpis.board import Board
from agents.kpis.gauges import show
from schemas.outputs import envelope, key

if TYPE_CHECKING:
    from agents.metrics import Metrics
    from agents.settings import Settings
    from schemas.policy import Policy

logger = logging.getLogger(__name__)

_READ_RECORDS: Final = 5_000
_SEND_RECORDS: Final = 500
_PAUSE_SECONDS: Final = 1.0


class KpiPublisher:
    """``leads`` says whether this worker has lane 0 now. ``start`` in a running event loop."""

    def __init__(self, settings: Settings, policy: Policy, metrics: Metrics, leads: Callable[[], bool]) -> None:
        self._settings = settings
        self._policy = policy
        self._metrics = metrics
        self._leads = leads
        self._task: asyncio.Task[None] | None = None
        self.board: Board | None = None
        """The figures as last read, while this worker leads."""

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="kpis")

    async def stop(self) -> None:
        """Disconnect; what is not published is published by the next."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _run(self) -> None:
        while True:
            if self._leads():
                try:
                    await self._lead()
                except Exception as failure:
                    logger.warning("KPIs are not published: %s, trying again", type(failure).__name__)
                    logger.debug("What kept KPIs from being published", exc_info=failure)
                finally:
                    self.board = None
                    self._metrics.forget_kpis()
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _lead(self) -> None:
        """Read and publish until another worker has lane 0."""
        topic = self._settings.kpi_rows_topic
        consumer = AIOKafkaConsumer(
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            check_crcs=self._settings.check_crcs,
            **aiokafka_options(self._settings),
        )
        delivery = Delivery(self._settings, 0, "at_least_once")
        try:
            await consumer.start()
            await delivery.open()
            numbers = sorted(await delivery.partitions(topic))
            consumer.assign([TopicPartition(topic, number) for number in numbers])
            board = self.board = Board(self._policy)
            while self._leads():
                await self._read(consumer, board)
                await self._publish(delivery, board)
                await asyncio.sleep(self._settings.kpi_ms / 1000)
        finally:
            await delivery.close()
            await consumer.stop()

    async def _read(self, consumer: Any, board: Board) -> None:
        """Take in what there is, up to the end."""
        while found := await consumer.getmany(timeout_ms=self._settings.fetch_wait_ms, max_records=_READ_RECORDS):
            for records in found.values():
                for record in records:
                    board.put(record.key, record.value)
            await asyncio.sleep(0)

    async def _publish(self, delivery: Delivery, board: Board) -> None:
        if not board.changed:
            return
        waiting: list[Record] = []
        for kpi in board.publish():
            waiting.append(Record(kpi.topic, key(kpi), envelope(kpi)))
            if len(waiting) == _SEND_RECORDS:
                await delivery.send(waiting, ())
                waiting = []
        if waiting:
            await delivery.send(waiting, ())
        show(board, self._metrics, self._policy)
