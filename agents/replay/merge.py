"""Put the lines of several files into one order (CONTRACT, Appendix B 15)."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence

from agents.replay.reading import Record

_BEFORE_ALL = -(2**63)


def merge(streams: Sequence[Iterator[Record]]) -> Iterator[tuple[int, Record]]:
    """Every record with the index of its stream: the head with the least ``at`` first, ties by the order of streams.

    A record whose ``at`` is None follows the record before it in its stream at once. Disorder inside a stream stays.
    """
    heads: list[tuple[int, int, Record]] = []
    for index, stream in enumerate(streams):
        for record in stream:
            heads.append((_BEFORE_ALL if record.at is None else record.at, index, record))
            break
    heapq.heapify(heads)
    while heads:
        _, index, record = heads[0]
        yield index, record
        second = min(heads[1:3], default=None)
        for record in streams[index]:
            if record.at is None or second is None or (record.at, index) < second:
                yield index, record
            else:
                heapq.heapreplace(heads, (record.at, index, record))
                break
        else:
            heapq.heappop(heads)
