"""Liveness by progress: a lane that has records to take and takes none is stuck, whatever its process says."""

from __future__ import annotations

import msgspec


class _Mark(msgspec.Struct, frozen=True):
    applied: int
    since: float
    lag: int


class Progress:
    """Remembers when each lane last moved.

    Args:
        patience_seconds: how long a lane with lag may stand still. It must exceed the longest batch and the longest
            retry of the broker, else a slow broker restarts every worker.

    """

    def __init__(self, patience_seconds: float = 120) -> None:
        self._patience = patience_seconds
        self._marks: dict[int, _Mark] = {}

    def seen(self, partition: int, *, applied: int, lag: int, at: float) -> None:
        """What a lane shows now.

        Args:
            partition: the lane.
            applied: the sum of its applied offsets; while it is being recovered, the sum of its changelog offsets.
            lag: records that wait for it; a lane with none has nothing to do and is never stuck.
            at: monotonic time in seconds.

        """
        mark = self._marks.get(partition)
        moved = mark is None or mark.applied != applied or mark.lag == 0 or lag == 0
        self._marks[partition] = _Mark(applied, at if moved or mark is None else mark.since, lag)

    def forget(self, partition: int) -> None:
        """The lane is another worker's now."""
        self._marks.pop(partition, None)

    def stuck(self, at: float) -> tuple[str, ...]:
        """One sentence for each lane that has stood still too long (monotonic seconds); empty when all is well."""
        return tuple(
            f"lane {partition} has {mark.lag} records to take and has not moved for {at - mark.since:.0f} s"
            for partition, mark in sorted(self._marks.items())
            if mark.lag and at - mark.since > self._patience
        )
