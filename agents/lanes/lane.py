"""A live lane: one partition number of all six topics. It does one thing at a time: merge, decide, deliver, write."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final

from aiokafka.errors import KafkaError

from agents.deliver import Delivery
from agents.lanes.buffers import Buffers
from agents.lanes.clocks import LaneClock
from agents.lanes.decide import Decider, Decision
from agents.lanes.reading import read
from agents.lanes.recovery import recover
from agents.stores import open_store
from agents.tables import Customers
from schemas.topics import INPUTS
from streams.lane import Lane

if TYPE_CHECKING:
    from agents.lanes.surroundings import Surroundings
    from agents.transport.chunks import Chunk

logger = logging.getLogger(__name__)

_SLICE: Final = 500
"""Entries decided before others get a turn of the event loop."""
_LEAVE_SECONDS: Final = 20.0


class LiveLane:
    """Opened by ``join``, fed by ``hand_over``, left by ``leave``; a lane that was left can be joined again."""

    def __init__(self, partition: int, around: Surroundings) -> None:
        self.partition = partition
        self.applied: dict[str, int] = {}
        self.emitted = 0
        """Outputs delivered."""
        self.ready = False
        self.settled = False
        """Caught up: nothing waits, and all six topics were at their end at the last turn."""
        self._around = around
        self._customers = Customers(open_store(around.settings, partition), around.settings.decoded_customers)
        self._buffers = Buffers()
        self._handed = dict.fromkeys(INPUTS, -1)
        self._paused: set[str] = set()
        self._blocked: dict[str, float] = {}
        self._decider: Decider | None = None
        self._delivery: Delivery | None = None
        self._generation = -1
        self._leaving = False
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def now(self) -> int:
        """The latest instant reached (ms)."""
        return 0 if self._decider is None else self._decider.clock.now

    @property
    def paused(self) -> bool:
        """Whether fetching of some topic waits for this lane."""
        return bool(self._paused)

    @property
    def customers(self) -> Customers:
        """The lane's customers, for reading."""
        return self._customers

    def lag(self) -> dict[str, int]:
        """Records on the broker by topic that are not applied, as last seen."""
        flow, applied = self._around.flow, self.applied
        return {topic: flow.lag(topic, self.partition, applied.get(topic, -1)) for topic in INPUTS}

    def join(self, generation: int) -> None:
        """Begin: fence, read the state, seek the topics, then work until ``leave``."""
        self._generation = generation
        self._leaving = False
        self._around.shared.busy(self.partition, self.now)
        self._task = asyncio.create_task(self._run(), name=f"lane-{self.partition}")

    def hand_over(self, chunk: Chunk) -> None:
        """Records of one topic; never waits. What is not of this lane's time is let go: it will be fetched again."""
        if not self.ready or chunk.generation != self._generation:
            return
        topic = chunk.topic
        known = self._handed[topic]
        records = chunk.records if chunk.records[0].offset > known else [r for r in chunk.records if r.offset > known]
        if not records:
            return
        settings = self._around.settings
        self._buffers.add(topic, read(topic, records, self._around.wall() if settings.clock == "wall" else None))
        self._handed[topic] = records[-1].offset
        self._blocked.pop(topic, None)
        self.settled = False
        if self._buffers.size(topic) >= settings.buffer_records and topic not in self._paused:
            self._paused.add(topic)
            self._around.flow.pause(topic, self.partition)
        self._wake.set()

    async def leave(self) -> None:
        """Finish the chunk that is being delivered, or abort it when that takes too long; drop the rest."""
        task, self._task = self._task, None
        self._leaving = True
        self.ready = self.settled = False
        self._wake.set()
        if task is not None:
            _, late = await asyncio.wait({task}, timeout=_LEAVE_SECONDS)
            if late:
                task.cancel()
                await asyncio.wait({task})
                self._decider = None
                self._customers.forget_decoded()
        self._buffers.clear()
        self._paused.clear()
        self._blocked.clear()
        if self._delivery is not None:
            await self._delivery.close()
            self._delivery = None

    def close(self) -> None:
        """Let go of the store: another worker has the lane."""
        self._customers.store.close()
        self._around.shared.forget(self.partition)
        self._around.metrics.lane_lost(self.partition)
        for watcher in self._around.watchers:
            watcher.gone(self.partition)

    async def _run(self) -> None:
        try:
            await self._open()
            while not self._leaving:
                if await self._turn():
                    await asyncio.sleep(0)
                else:
                    await self._rest()
        except asyncio.CancelledError:
            raise
        except Exception as failure:
            logger.debug("Lane failed", exc_info=True)
            self._around.fail(f"lane {self.partition}: {type(failure).__name__}: {failure}")

    async def _open(self) -> None:
        around, settings = self._around, self._around.settings
        for attempt in range(settings.retry_attempts):
            try:
                delivery = Delivery(settings, self.partition, around.guarantee)
                await delivery.open()
                self._delivery = delivery
                recovered = await recover(settings, self.partition, self._customers)
                break
            except (KafkaError, OSError):
                if attempt + 1 == settings.retry_attempts or self._leaving:
                    raise
                await asyncio.sleep(settings.retry_wait_ms * (attempt + 1) / 1000)
        if self._leaving:
            return
        self._take_up(recovered.records, max(recovered.lane.now, self.now))
        self.applied = dict(recovered.lane.applied)
        self._handed = {topic: offset - 1 for (topic, _), offset in recovered.positions.items()}
        await around.flow.seek(recovered.positions)
        self.ready = True
        around.flow.release(recovered.positions)
        logger.info(
            "Lane %d ready: %d changelog records in %.2f s", self.partition, recovered.records, recovered.seconds
        )

    def _take_up(self, records: int, now: int) -> None:
        around = self._around
        if self._decider is not None and not records:
            return
        self._customers.forget_decoded()
        lane = Lane(self._customers, around.policy, now)
        started = time.monotonic()
        count = self._customers.arm(lane)
        clock = LaneClock(now, around.wall if around.settings.clock == "wall" else None, around.settings.live_within_ms)
        self._decider = Decider(self.partition, lane, self._customers, clock, around.combine)
        around.metrics.lane_recovered(self.partition, time.monotonic() - started, count)

    async def _rest(self) -> None:
        self._wake.clear()
        wait = self._around.settings.sweep_ms if self.settled else self._around.settings.fetch_wait_ms
        try:
            await asyncio.wait_for(self._wake.wait(), wait / 1000)
        except TimeoutError:
            return

    async def _turn(self) -> bool:
        """One step; False when there is nothing to do for now."""
        decider = self._decider
        if decider is None:
            return False
        entries, blocked = self._buffers.take(self._around.settings.chunk_records, self._wait_for)
        if entries:
            self._around.shared.busy(self.partition, decider.clock.now)
            for start in range(0, len(entries), _SLICE):
                decider.feed(entries[start : start + _SLICE])
                await asyncio.sleep(0)
            if decider.sample(entries, self._around.input_partitions):
                self._around.say_once(
                    "Keys lie on partitions that Kafka's default partitioner would not give them: "
                    "producers must use murmur2 (librdkafka: partitioner=murmur2_random)"
                )
            await self._deliver(decider.take(self.applied))
            self._release()
            return True
        return blocked is None and await self._idle(decider)

    async def _idle(self, decider: Decider) -> bool:
        around, clock = self._around, decider.clock
        seen = [around.flow.at_end(topic, self.partition, self._handed[topic]) for topic in INPUTS]
        looks = [at for at in seen if at is not None]
        if len(looks) < len(seen):
            around.shared.busy(self.partition, clock.now)
            self.settled = False
            return False
        self.settled = True
        clock.caught_up(min(looks))
        until = clock.idle_until(min(looks)) if clock.wall else around.shared.idle(self.partition, clock.now)
        if until is None or until <= clock.now:
            return False
        due = decider.lane.next_due()
        more = decider.wake(until, around.settings.chunk_records)
        if due is None or due > until:
            return False
        await self._deliver(decider.take(self.applied))
        return more

    async def _deliver(self, decision: Decision) -> None:
        around, delivery = self._around, self._delivery
        if delivery is None:
            return
        tally = decision.tally
        around.limit.take_in(tally)
        started = time.perf_counter()
        position = await delivery.send(decision.outputs, decision.changes)
        self._customers.settle(decision.changes, position)
        self.applied = dict(decision.lane.applied)
        self.emitted += len(decision.outputs)
        seconds = time.perf_counter() - started
        around.metrics.transaction(committed=True)
        around.metrics.batch_applied(
            self.partition,
            decide_seconds=decision.seconds,
            deliver_seconds=seconds,
            **tally.metrics(decision.emissions),
        )
        for watcher in around.watchers:
            watcher.written(self.partition, decision.states, decision.emissions)

    def _wait_for(self, topic: str) -> bool:
        """Whether the merge waits for this topic, of which nothing is buffered."""
        if self._around.flow.at_end(topic, self.partition, self._handed[topic]) is not None:
            self._blocked.pop(topic, None)
            return False
        since = self._blocked.setdefault(topic, time.monotonic())
        return (time.monotonic() - since) * 1000 < self._around.settings.merge_wait_ms

    def _release(self) -> None:
        half = self._around.settings.buffer_records // 2
        free = {topic for topic in self._paused if self._buffers.size(topic) <= half}
        if free:
            self._paused -= free
            self._around.flow.release((topic, self.partition) for topic in free)
