"""The lanes of a worker: made as partitions are assigned, left as they are revoked, reported on each second."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from faust.types import TP

from agents.lanes.lane import LiveLane
from schemas.topics import INPUTS

if TYPE_CHECKING:
    from agents.lanes.surroundings import Surroundings
    from agents.transport.chunks import Chunk

logger = logging.getLogger(__name__)


class Lanes:
    """All lanes by partition number."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.lanes: dict[int, LiveLane] = {}
        self._committed: dict[TP, int] = {}

    def hand_over(self, chunk: Chunk) -> None:
        """Records of one partition, to its lane."""
        lane = self.lanes.get(chunk.partition)
        if lane is not None:
            lane.hand_over(chunk)

    async def leave(self) -> None:
        """Stop work on all lanes, for a rebalance or the end; their state is kept."""
        await asyncio.gather(*(lane.leave() for lane in self.lanes.values()))

    async def assign(self, partitions: Iterable[int], generation: int) -> None:
        """These lanes are this worker's now; others are forgotten."""
        mine = set(partitions)
        await self.leave()
        for number in sorted(set(self.lanes) - mine):
            self.lanes.pop(number).close()
        self._committed = {tp: offset for tp, offset in self._committed.items() if tp.partition in mine}
        for number in sorted(mine):
            lane = self.lanes.get(number)
            if lane is None:
                lane = self.lanes[number] = LiveLane(number, self.around)
            lane.join(generation)
        logger.info("Lanes: %s", ", ".join(map(str, sorted(mine))) or "none")

    async def stop(self) -> None:
        """Finish what is being delivered and let go of everything."""
        await self.leave()
        for number in sorted(self.lanes):
            self.lanes.pop(number).close()

    def uncommitted(self) -> dict[TP, int]:
        """Next offset by partition, of what was applied and not committed to the group yet."""
        found = {}
        for number, lane in self.lanes.items():
            for topic, offset in lane.applied.items():
                tp = TP(topic, number)
                if self._committed.get(tp) != offset + 1:
                    found[tp] = offset + 1
        return found

    def committed(self, offsets: Mapping[TP, int]) -> None:
        """The group has these."""
        self._committed.update(offsets)

    @property
    def ready(self) -> bool:
        """All lanes of this worker have their state and work."""
        return bool(self.lanes) and all(lane.ready for lane in self.lanes.values())

    @property
    def settled(self) -> bool:
        """All lanes have caught up with all their topics, as last seen."""
        return self.ready and all(lane.settled for lane in self.lanes.values())

    @property
    def emitted(self) -> int:
        """Outputs of these lanes since they were made."""
        return sum(lane.emitted for lane in self.lanes.values())

    def lag(self) -> int:
        """Records on the broker that are not applied, as last seen."""
        return sum(sum(lane.lag().values()) for lane in self.lanes.values())

    def report(self) -> None:
        """Lag and turn of every lane, to the metrics."""
        metrics, wall = self.around.metrics, self.around.wall()
        for number, lane in self.lanes.items():
            behind = 0.0 if lane.settled else max(0.0, (wall - lane.now) / 1000)
            metrics.lane_lag(number, lane.lag(), behind)
            metrics.lane_turn(number, time.time(), ready=lane.ready, paused=lane.intake.paused)
            timers, due = lane.timers()
            metrics.lane_state(
                number,
                customers=lane.customers.count,
                state_bytes=lane.customers.state_bytes,
                timers=timers,
                next_due=None if due is None else due / 1000,
                largest_bytes=lane.customers.largest_bytes,
            )

    def status(self) -> list[dict[str, Any]]:
        """Each lane in plain values: partition, ready, settled, now (ms), applied and lag by topic."""
        return [
            {
                "partition": number,
                "ready": lane.ready,
                "settled": lane.settled,
                "now": lane.now,
                "applied": dict(lane.applied),
                "lag": lane.lag(),
            }
            for number, lane in sorted(self.lanes.items())
        ]


def lane_numbers(assigned: Iterable[TP]) -> set[int]:
    """The lanes of an assignment.

    Raises:
        ValueError: topics of one lane went to different workers. Operator action: stop all workers of the group, then
            start them with the same version: all must subscribe to the same topics.

    """
    topics: dict[int, set[str]] = {}
    for tp in assigned:
        if tp.topic in INPUTS:
            topics.setdefault(tp.partition, set()).add(tp.topic)
    torn = sorted(number for number, names in topics.items() if len(names) < len(INPUTS))
    if torn:
        message = f"partitions {torn} of the six topics were not assigned together"
        raise ValueError(message)
    return set(topics)
