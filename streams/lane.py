"""A lane: the customers of one partition and their time. Replay is one lane; a worker has one for each partition."""

from __future__ import annotations

from collections import Counter
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Protocol

from streams.apply import apply, wake
from streams.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schemas.events import Event
    from schemas.policy import Policy
    from streams.figures.fact import Fact
    from streams.outcome import Emission, State

BEGINNING = -(2**62)
"""The instant before any."""
_MOVED_KEPT = 1_000
"""Timers that were moved or cleared and may lie in the heap, beside as many as there are customers waiting."""


class Store(Protocol):
    """Where a lane keeps its customers."""

    def get(self, customer_id: str) -> State:
        """The state of a customer, or None."""
        ...

    def put(self, customer_id: str, state: State) -> None:
        """Keep the state of a customer; None forgets it."""
        ...


class Memory(dict[str, "State"]):
    """A store that is a plain mapping."""

    def put(self, customer_id: str, state: State) -> None:
        """Keep the state of a customer; None forgets it."""
        if state is None:
            self.pop(customer_id, None)
        else:
            self[customer_id] = state


class Changes:
    """What came out of a lane since it was last asked."""

    __slots__ = ("dispositions", "emissions", "facts", "states")

    def __init__(self) -> None:
        self.emissions: list[Emission] = []
        self.states: dict[str, State] = {}
        self.facts: list[Fact] = []
        self.dispositions: Counter[str] = Counter()


class Lane:
    """Feeds events to customers in order, and runs timers before what occurred at or after they fell due."""

    def __init__(self, store: Store, policy: Policy, now: int = BEGINNING) -> None:
        self.store = store
        self.policy = policy
        self.now = now
        self._heap: list[tuple[int, str]] = []
        self._due: dict[str, int] = {}
        self._changes = Changes()

    def feed(self, event: Event, now: int | None = None) -> Outcome:
        """Apply one event at ``now`` (default: the latest of the lane's now and the event's own time).

        Timers due at or before that instant run first, each at its due time, in order of due time and customer.
        """
        at = max(self.now, int(event.occurred_at) if now is None else now)
        if self._heap and self._heap[0][0] <= at:
            self._run_until(at)
        self.now = at
        outcome = apply(self.store.get(event.customer_id), event, at, self.policy)
        self._changes.dispositions[outcome.disposition] += 1
        if outcome.disposition == "applied":
            self._keep(event.customer_id, outcome)
        return outcome

    def advance(self, now: int) -> None:
        """Let time pass up to ``now``; it never goes back."""
        self._run_until(now)
        self.now = max(self.now, now)

    def take(self) -> Changes:
        """What came out since the last call."""
        changes, self._changes = self._changes, Changes()
        return changes

    def arm(self, customer_id: str, next_due: int | None) -> None:
        """Make a customer's next timer known, when the lane is recovered."""
        if next_due is None:
            self._due.pop(customer_id, None)
        elif self._due.get(customer_id) != next_due:
            self._due[customer_id] = next_due
            heappush(self._heap, (next_due, customer_id))
            if len(self._heap) > 2 * len(self._due) + _MOVED_KEPT:
                self._heap = [(due, waiting) for waiting, due in self._due.items()]
                heapify(self._heap)

    def arm_all(self, due: Mapping[str, int]) -> None:
        """``arm`` for many customers at once."""
        self._due.update(due)
        self._heap.extend([(at, customer_id) for customer_id, at in due.items()])
        heapify(self._heap)

    def next_due(self) -> int | None:
        """The earliest timer of any customer (ms), or None."""
        heap = self._heap
        while heap and self._due.get(heap[0][1]) != heap[0][0]:
            heappop(heap)
        return heap[0][0] if heap else None

    @property
    def timers_pending(self) -> int:
        """How many customers wait for a timer."""
        return len(self._due)

    def _run_until(self, now: int) -> None:
        while (due := self.next_due()) is not None and due <= now:
            _, customer_id = heappop(self._heap)
            del self._due[customer_id]
            self.now = max(self.now, due)
            self._keep(customer_id, wake(self.store.get(customer_id), self.now, self.policy))

    def _keep(self, customer_id: str, outcome: Outcome) -> None:
        changes = self._changes
        self.store.put(customer_id, outcome.state)
        changes.states[customer_id] = outcome.state
        changes.emissions.extend(outcome.emissions)
        changes.facts.extend(outcome.facts)
        self.arm(customer_id, outcome.next_due)
