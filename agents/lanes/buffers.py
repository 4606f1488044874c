"""The merge of a lane: records of six topics by ``occurred_at`` of the heads, as a replay takes them (CONTRACT B15)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heapreplace
from typing import Any, Final, NamedTuple

from schemas.deadletters import DeadLetter
from schemas.events import Event
from schemas.topics import INPUTS

_DIRECTLY_AFTER: Final = -1
"""Sorts before every instant: what has no ``occurred_at`` follows the record before it."""


class Entry(NamedTuple):
    """One record of an input topic with what decoding made of it."""

    topic: str
    occurred_at: int
    decoded: Event | DeadLetter
    record: Any


class Buffers:
    """What was handed over and not yet taken, a queue for each topic."""

    def __init__(self) -> None:
        self._queues: dict[str, deque[Entry]] = {topic: deque() for topic in INPUTS}

    def add(self, topic: str, entries: Iterable[Entry]) -> None:
        """Append records of one topic in their order."""
        self._queues[topic].extend(entries)

    def size(self, topic: str) -> int:
        """Records of a topic that wait."""
        return len(self._queues[topic])

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def clear(self) -> None:
        """Drop everything."""
        for queue in self._queues.values():
            queue.clear()

    def take(self, limit: int, wait_for: Callable[[str], bool]) -> tuple[list[Entry], str | None]:
        """Up to ``limit`` records in merged order, and the topic that stopped the merge, if one did.

        ``wait_for`` is asked about a topic with nothing buffered: True stops the merge, because an earlier record of it
        may still come.
        """
        heads: list[tuple[int, int, deque[Entry]]] = []
        for rank, topic in enumerate(INPUTS):
            queue = self._queues[topic]
            if queue:
                heads.append((queue[0].occurred_at, rank, queue))
            elif wait_for(topic):
                return [], topic
        heapify(heads)
        taken: list[Entry] = []
        while heads and len(taken) < limit:
            _, rank, queue = heads[0]
            taken.append(queue.popleft())
            if queue:
                heapreplace(heads, (queue[0].occurred_at, rank, queue))
            elif wait_for(INPUTS[rank]):
                return taken, INPUTS[rank]
            else:
                heappop(heads)
        return taken, None


def entry(topic: str, record: Any, decoded: Event | DeadLetter, claimed: int | None = None) -> Entry:
    """An entry at the event's time; a dead letter's is what it claims, or directly after the record before it."""
    if isinstance(decoded, DeadLetter):
        return Entry(topic, _DIRECTLY_AFTER if claimed is None else claimed, decoded, record)
    return Entry(topic, int(decoded.occurred_at), decoded, record)
