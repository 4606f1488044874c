"""Where fetching stands in each partition: whether more is on the broker than was handed over, as last seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Standing(NamedTuple):
    """One look at a partition: next position to fetch, end of what can be read, and when the broker said so (ms)."""

    position: int
    end: int
    seen_at: int


class Standings:
    """The latest look at every partition, taken between two fetches, when position and records agree."""

    def __init__(self) -> None:
        self._standings: dict[tuple[str, int], Standing] = {}
        self._fetched: dict[tuple[str, int], int] = {}

    def look(self, consumer: Any, records: Mapping[Any, Sequence[Any]]) -> None:
        """Take in what an aiokafka consumer knows just after ``records`` were fetched from it."""
        for tp, found in records.items():
            self._fetched[tp.topic, tp.partition] = found[-1].offset
        subscription = consumer._subscription.subscription  # noqa: SLF001
        assignment = subscription.assignment if subscription is not None else None
        if assignment is None:
            return
        for tp in assignment.tps:
            state = assignment.state_value(tp)
            if state is None or not state.has_valid_position or state.highwater is None:
                continue
            end = state.highwater if state.lso is None or state.lso < 0 else state.lso
            self._standings[tp.topic, tp.partition] = Standing(state.position, end, state.timestamp or 0)

    def at_end(self, topic: str, partition: int, handed_over: int) -> int | None:
        """When (ms) the partition was last seen to hold nothing after offset ``handed_over``; None: it has more."""
        tp = (topic, partition)
        standing = self._standings.get(tp)
        if standing is None or standing.position < standing.end or self._fetched.get(tp, -1) > handed_over:
            return None
        return standing.seen_at

    def heard_at(self, topic: str, partition: int) -> int | None:
        """When (ms) the broker last said something of the partition; None: not since it was sought."""
        standing = self._standings.get((topic, partition))
        return None if standing is None else standing.seen_at

    def lag(self, topic: str, partition: int, applied: int) -> int:
        """Records on the broker after offset ``applied``, as last seen; marks of transactions after it are none."""
        standing = self._standings.get((topic, partition))
        if standing is None or self.at_end(topic, partition, applied) is not None:
            return 0
        return max(0, standing.end - max(applied + 1, 0))

    def forget(self, topic: str, partition: int) -> None:
        """The partition was sought or lost: what was seen of it no longer holds."""
        self._standings.pop((topic, partition), None)
        self._fetched.pop((topic, partition), None)
