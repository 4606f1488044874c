"""A live lane: one partition number of all six topics. It does one thing at a time: merge, decide, deliver, write."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from typing import TYPE_CHECKING, Final

from aiokafka.errors import KafkaError
from confluent_kafka import KafkaException

from agents.changelog import in_thread
from agents.deliver import Delivery
from agents.lanes.clocks import LaneClock
from agents.lanes.decide import Decider, Decision
from agents.lanes.intake import Intake
from agents.lanes.recovery import Recovered, recover
from agents.stores import open_store
from agents.tables import Customers
from schemas.topics import INPUTS
from streams.lane import Lane

if TYPE_CHECKING:
    from agents.lanes.buffers import Entry
    from agents.lanes.surroundings import Surroundings
    from agents.transport.chunks import Chunk

logger = logging.getLogger(__name__)

_SLICE: Final = 500
"""Entries decided before others get a turn of the event loop."""
_LEAVE_SECONDS: Final = 20.0
_MURMUR2: Final = (
    "Keys lie on partitions that Kafka's default partitioner would not give them: "
    "producers must use murmur2 (librdkafka: partitioner=murmur2_random)"
)


class LiveLane:
    """Begun by ``join``, fed by ``hand_over``, left by ``leave``; a lane that was left can be joined again."""

    def __init__(self, partition: int, around: Surroundings) -> None:
        self.partition = partition
        self.applied: dict[str, int] = {}
        """Topic -> offset of the last record whose effect is in the changelog."""
        self.emitted = 0
        """Outputs delivered."""
        self.ready = False
        """It has its state and works."""
        self.settled = False
        """Caught up: nothing waits, and all six topics were at their end at the last turn."""
        self.intake = Intake(partition, around)
        self.customers = Customers(open_store(around.settings, partition), around.settings.decoded_customers)
        self._around = around
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

    def timers(self) -> tuple[int, int | None]:
        """How many customers wait for a timer, and when the next is due (ms)."""
        lane = None if self._decider is None else self._decider.lane
        return (0, None) if lane is None else (lane.timers_pending, lane.next_due())

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
        if self.ready and chunk.generation == self._generation and self.intake.add(chunk):
            self.settled = False
            self._wake.set()

    async def leave(self) -> None:
        """Finish the chunk that is being delivered, or abort it when that takes too long; drop the rest."""
        task, self._task = self._task, None
        self._leaving = True
        opening, self.ready, self.settled = not self.ready, False, False
        self._wake.set()
        if task is not None:
            _, late = await asyncio.wait({task}, timeout=0 if opening else _LEAVE_SECONDS)
            if late:
                task.cancel()
                await asyncio.wait({task})
                self._decider = None
        self.intake.drop()
        if self._delivery is not None:
            await self._delivery.close()
            self._delivery = None

    def close(self) -> None:
        """Let go of the store: another worker has the lane."""
        self.customers.store.close()
        self._around.shared.forget(self.partition)
        self._around.metrics.lane_lost(self.partition)
        for watcher in self._around.watchers:
            watcher.gone(self.partition)

    async def _run(self) -> None:
        try:
            await self._take_up(await self._open())
            while not self._leaving:
                if await self._turn():
                    await asyncio.sleep(0)
                else:
                    await self._rest()
        except asyncio.CancelledError:
            raise
        except Exception as failure:
            logger.debug("Lane %d failed", self.partition, exc_info=True)
            place = traceback.extract_tb(failure.__traceback__)[-1]
            self._around.fail(
                f"lane {self.partition}: {type(failure).__name__}: {failure} ({place.name}, line {place.lineno})"
            )

    async def _open(self) -> Recovered:
        settings = self._around.settings
        attempt = 1
        while True:
            delivery = self._delivery = Delivery(settings, self.partition, self._around.guarantee)
            try:
                await delivery.open()
                recovered = await recover(settings, self.partition, self.customers, self._around.footing)
                await self._around.flow.seek(recovered.positions)
            except (KafkaError, KafkaException, OSError) as failure:
                await delivery.close()
                if attempt == settings.retry_attempts:
                    raise
                logger.warning("Lane %d: %s, trying again", self.partition, type(failure).__name__)
                await asyncio.sleep(settings.retry_wait_ms * attempt / 1000)
                attempt += 1
            else:
                return recovered

    async def _take_up(self, recovered: Recovered) -> None:
        around, settings = self._around, self._around.settings
        if self._decider is None or recovered.records:
            now = max(recovered.lane.now, self.now)
            self.customers.forget_decoded()
            lane = Lane(self.customers, around.policy, now)
            count = await in_thread(self.customers.arm, lane)
            clock = LaneClock(now, around.wall if settings.clock == "wall" else None, settings.live_within_ms)
            self._decider = Decider(self.partition, lane, self.customers, clock, around.combine, around.footing)
            around.metrics.lane_recovered(self.partition, recovered.seconds, count)
        self.applied = dict(recovered.lane.applied)
        self.intake.begin(recovered.positions)
        self.ready = True
        for watcher in around.watchers:
            watcher.joined(self.partition, self.customers.store, lambda: self.now)
        around.flow.release(recovered.positions)
        seen = (self.partition, recovered.records, recovered.seconds, self.customers.count)
        logger.info("Lane %d ready: %d changelog records in %.2f s, %d customers", *seen)

    async def _rest(self) -> None:
        """Until something comes, a timer is due, or it is time to look again."""
        self._wake.clear()
        settings, (_, due) = self._around.settings, self.timers()
        wait = settings.sweep_ms if self.settled else settings.fetch_wait_ms
        if due is not None and settings.clock == "wall":
            wait = min(wait, max(settings.fetch_wait_ms, due - self._around.wall() + settings.fetch_wait_ms))
        try:
            await asyncio.wait_for(self._wake.wait(), wait / 1000)
        except TimeoutError:
            return

    async def _turn(self) -> bool:
        """One step; False when there is nothing to do for now."""
        decider = self._decider
        if decider is None:
            return False
        entries, blocked = self.intake.take()
        if entries:
            await self._apply(decider, entries)
            return True
        return not blocked and (await self._idle(decider) or await self._end_day(decider))

    async def _apply(self, decider: Decider, entries: list[Entry]) -> None:
        self._around.shared.busy(self.partition, decider.clock.now)
        for start in range(0, len(entries), _SLICE):
            decider.feed(entries[start : start + _SLICE])
            await asyncio.sleep(0)
        if decider.sample(entries, self._around.footing.partitions):
            self._around.say_once(_MURMUR2)
        await self._deliver(decider.take(self.applied))

    async def _idle(self, decider: Decider) -> bool:
        around, clock = self._around, decider.clock
        seen_at = self.intake.seen_empty_at()
        self.settled = seen_at is not None
        if seen_at is None:
            around.shared.busy(self.partition, clock.now)
            return False
        clock.caught_up(seen_at)
        until = clock.idle_until(seen_at) if clock.wall else around.shared.idle(self.partition, clock.now)
        if until is None or until <= clock.now:
            return False
        due = decider.lane.next_due()
        more = decider.wake(until, around.settings.chunk_records)
        if due is None or due > until:
            return False
        self.settled = False
        await self._deliver(decider.take(self.applied))
        return more

    async def _end_day(self, decider: Decider) -> bool:
        """Add up some scores of the day that is over; False when there is nothing to do."""
        counted = decider.day_end.step(self.now) if self.settled else None
        if counted:
            await self._deliver(decider.take(self.applied))
        return counted is not None

    async def _deliver(self, decision: Decision) -> None:
        around, delivery, tally = self._around, self._delivery, decision.tally
        if delivery is None:
            return
        around.limit.take_in(tally)
        started = time.perf_counter()
        position = await delivery.send(decision.outputs, decision.changes)
        self.customers.settle(decision.changes, position)
        self.applied = dict(decision.lane.applied)
        self.emitted += len(decision.outputs)
        around.metrics.transaction(committed=True)
        around.metrics.timers_ran(tally.delays)
        around.metrics.batch_applied(
            self.partition,
            decide_seconds=decision.seconds,
            deliver_seconds=time.perf_counter() - started,
            **tally.metrics(decision.emissions),
        )
        for watcher in around.watchers:
            watcher.written(self.partition, decision.states, decision.emissions)
