"""Run merged records through the core and keep count."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence

from agents.replay.merge import merge
from agents.replay.reading import Progress, Record, Source, read
from schemas.deadletters import DeadLetter
from schemas.events import Event
from schemas.policy import Policy
from streams.lane import BEGINNING, Changes, Lane, Memory
from streams.state import Customer

log = logging.getLogger(__name__)


class Engine:
    """The core under one policy, fed record by record in merged order.

    ``now`` (ms) is the latest ``occurred_at`` seen, ``last_applied`` that of the applied events. Events after ``until``
    (ms) are dropped. ``only``, when given, keeps to one customer: the others still move the clock and are not counted.
    """

    def __init__(self, policy: Policy, until: int | None = None, only: str | None = None) -> None:
        self.policy = policy
        self.store = Memory()
        self.counts: Counter[str] = Counter()
        self.last_applied: int | None = None
        self._until = until
        self._only = only
        self._now = BEGINNING
        self._lane = Lane(self.store, policy)

    def feed(self, event: Event) -> DeadLetter | None:
        """Apply one event; a dead letter comes back when the core could not."""
        at = event.occurred_at
        if self._until is not None and at > self._until:
            self.counts["dropped"] += 1
            return None
        if at > self._now:
            self._now = at
        if self._only is not None and event.customer_id != self._only:
            if self.last_applied is None or at > self.last_applied:
                self.last_applied = at
            return None
        self.advance(self._now)
        try:
            outcome = self._lane.feed(event, self._now)
        except Exception as error:
            if not self.counts["processing_error"]:
                log.warning("Events could not be applied: %s; they are dead letters", type(error).__name__)
            log.debug("What could not be applied", exc_info=error)
            self.counts["processing_error"] += 1
            return DeadLetter("processing_error", f"{type(error).__name__}: {error}")
        self.counts[outcome.disposition] += 1
        if outcome.disposition == "applied" and (self.last_applied is None or at > self.last_applied):
            self.last_applied = at
        return None

    def take(self) -> Changes:
        """What came out since the last take."""
        return self._lane.take()

    def advance(self, now: int) -> None:
        """Run the timers due at or before ``now`` (ms); one that breaks is dropped and stops no other."""
        while True:
            try:
                self._lane.advance(now)
            except Exception as error:
                log.warning("A timer due by %s broke: %s", now, type(error).__name__)
                log.debug("What broke", exc_info=error)
            else:
                return

    def finish(self) -> int | None:
        """Run the timers due by the end and return that instant (ms): ``until``, else the last applied event's.

        None when there is no end: nothing was applied and no ``until`` was given.
        """
        end = self.last_applied if self._until is None else self._until
        if end is not None:
            self.advance(end)
        return end

    def customers(self) -> Iterator[Customer]:
        """The customers known now, by id; erased ones are left out."""
        for customer_id in sorted(self.store):
            state = self.store[customer_id]
            if isinstance(state, Customer):
                yield state


def records(sources: Sequence[Source], progress: Progress | None = None) -> Iterator[tuple[Source, Record]]:
    """Every record of the sources in merged order, each with its source."""
    for index, record in merge([read(source, progress) for source in sources]):
        yield sources[index], record
