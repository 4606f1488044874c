"""Decisions of a lane on merged entries and on timers, gathered until they are delivered together."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from agents.changelog import Change, LaneRecord
from agents.deliver import Record
from agents.lanes.dayend import DayEnd
from agents.lanes.letters import dead_letter, emitted
from agents.lanes.tally import Tally
from agents.lanes.weights import Weights
from agents.tables import Customers, State, lane_change
from schemas.deadletters import DeadLetter
from schemas.outputs import Emission
from streams.lane import Lane
from streams.plan import plan_of

if TYPE_CHECKING:
    from agents.footing import Footing
    from agents.lanes.buffers import Entry
    from agents.lanes.clocks import LaneClock
    from streams.figures.fact import Fact
    from streams.figures.scores import Scores

logger = logging.getLogger(__name__)


class Counting(Protocol):
    """A second stage: counts the facts of one lane, and its scores at the end of each day."""

    ended: int | None
    """The latest day whose scores were counted."""

    def take(self, facts: Sequence[Fact], now: int) -> tuple[Sequence[Record], Sequence[Change]]:
        """Facts of a chunk at ``now`` (ms) -> records and changelog records that leave in the chunk's transaction."""

    def end_day(self, day: int, scores: Scores) -> None:
        """Scores at the end of a day; they leave with the next ``take``."""


Combine = Callable[[int, Sequence[Change]], Counting]
"""Makes the second stage of a lane from the changelog records that it wrote before."""


class Decision(NamedTuple):
    """What a chunk came to, ready to be delivered."""

    outputs: list[Record]
    changes: list[Change]
    emissions: Sequence[Emission]
    states: Mapping[str, State | None]
    lane: LaneRecord
    tally: Tally
    seconds: float


class Decider:
    """The core lane with the customers of one partition. ``feed`` and ``wake`` gather, ``take`` hands out."""

    def __init__(
        self, partition: int, lane: Lane, customers: Customers, clock: LaneClock, combine: Combine, footing: Footing
    ) -> None:
        self.lane = lane
        self._footing = footing
        self.customers = customers
        self.clock = clock
        self._partition = partition
        self._counting = combine(partition, customers.rows)
        self.day_end = DayEnd(customers, self._counting, plan_of(lane.policy).scoring)
        self._weights = Weights(customers)
        self._begin()

    def _begin(self) -> None:
        self._weights.begin()
        self._letters: list[Record] = []
        self._tally = Tally()
        self._offsets: dict[str, int] = {}
        self._seconds = 0.0

    def feed(self, entries: Sequence[Entry]) -> None:
        """Decide on entries in their order; what cannot be applied becomes a dead letter."""
        started = time.perf_counter()
        clock, lane, tally = self.clock, self.lane, self._tally
        live = clock.live()
        for item in entries:
            decoded = item.decoded
            self._offsets[item.topic] = item.record.offset
            if isinstance(decoded, DeadLetter):
                self._dead(item, decoded)
                continue
            if live is not None:
                clock.now = live
            elif item.occurred_at > clock.now:
                clock.now = item.occurred_at
            due = lane.next_due()
            if due is not None and due <= clock.now:
                self._run_timers(clock.now)
            refused = self._weights.refused(decoded, len(item.record.value))
            if refused is not None:
                self._dead(item, refused)
                continue
            try:
                outcome = lane.feed(decoded, clock.now)
            except Exception as failure:
                self._broken(failure)
                self._dead(item, DeadLetter("processing_error", f"{type(failure).__name__}: {failure}"))
            else:
                tally.event(decoded, outcome.disposition, clock.now)
        tally.records += len(entries)
        self._seconds += time.perf_counter() - started

    def sample(self, entries: Sequence[Entry], partitions: int) -> bool:
        """Whether keys are seen on partitions that Kafka's default partitioner would not give them."""
        return self._tally.sample_partitions(entries, partitions)

    def wake(self, until: int, most: int) -> bool:
        """Run what is due until then (ms), ``most`` instants at once; True when there is more to run."""
        started = time.perf_counter()
        if self.clock.wall is not None and (due := self.lane.next_due()) is not None and due <= until:
            self._tally.delays.append((self.clock.wall() - due) / 1000)
        more = self._run_timers(until, most)
        self._seconds += time.perf_counter() - started
        return more

    def take(self, applied: Mapping[str, int]) -> Decision:
        """What came out since the last take; ``applied`` are the offsets before it."""
        started = time.perf_counter()
        came = self.lane.take()
        outputs = [emitted(emission) for emission in came.emissions]
        outputs += self._letters
        records, rows = self._counting.take(came.facts, self.clock.now)
        outputs += records
        footing = self._footing
        record = LaneRecord({**applied, **self._offsets}, self.clock.now, footing.partitions, dict(footing.ids))
        changes = [*self.customers.changes(came.states), *rows]
        changes.append(lane_change(record))
        seconds = self._seconds + time.perf_counter() - started
        decision = Decision(outputs, changes, came.emissions, came.states, record, self._tally, seconds)
        self._begin()
        return decision

    def _run_timers(self, until: int, most: int | None = None) -> bool:
        """Run what is due until then, ``most`` instants at once; True when there is more.

        A timer that breaks is dropped: the customer's next event sets it again.
        """
        lane, ran = self.lane, 0
        while (due := lane.next_due()) is not None and due <= until:
            if ran == most:
                return True
            ran += 1
            try:
                lane.advance(due)
            except Exception as failure:
                self._broken(failure)
            self.clock.now = max(self.clock.now, due)
        lane.advance(until)
        self.clock.now = max(self.clock.now, until)
        return False

    def _broken(self, failure: Exception) -> None:
        """Say the first of a chunk; the others are dead letters like it."""
        if not self._tally.broken:
            logger.warning("Lane %d: events could not be processed: %s", self._partition, type(failure).__name__)
        logger.debug("What could not be processed", exc_info=failure)
        self._tally.broken += 1

    def _dead(self, item: Entry, letter: DeadLetter) -> None:
        self._letters.append(dead_letter(item, letter))
        self._tally.dead_letter(item.topic, letter.reason)


class CountsNothing:
    """No second stage."""

    ended: int | None = None

    def take(self, facts: Sequence[Fact], now: int) -> tuple[Sequence[Record], Sequence[Change]]:  # noqa: ARG002
        """Nothing."""
        return (), ()

    def end_day(self, day: int, scores: Scores) -> None:
        """Nothing."""


def combine_nothing(partition: int, rows: Sequence[Change]) -> Counting:  # noqa: ARG001
    """No second stage for any lane."""
    return CountsNothing()
