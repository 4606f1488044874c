"""What a lane takes for now: the wall clock while it has caught up, else the time of the events (CONTRACT, head)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

Wall = Callable[[], int]
_NS_IN_MS: Final = 1_000_000


def wall_ms() -> int:
    """The wall clock in ms since epoch UTC."""
    return time.time_ns() // _NS_IN_MS


class LaneClock:
    """Now of one lane; never goes back. ``wall`` is None with the setting ``clock = event``.

    ``live_within`` (ms): the lane counts as caught up while the last look at all six topics' ends is no older.
    """

    def __init__(self, now: int, wall: Wall | None, live_within: int) -> None:
        self.now = now
        self.wall = wall
        self._live_within = live_within
        self._at_end_at: int | None = None

    def caught_up(self, seen_at: int) -> None:
        """Nothing was waiting, and all six topics were at their end at ``seen_at`` (wall ms)."""
        self._at_end_at = seen_at

    def behind(self) -> None:
        """There is a backlog."""
        self._at_end_at = None

    def live(self) -> int | None:
        """The wall clock, when the lane has caught up; else None: each event brings its own time."""
        if self.wall is None or self._at_end_at is None:
            return None
        wall = self.wall()
        if wall - self._at_end_at > self._live_within:
            self._at_end_at = None
            return None
        return max(wall, self.now)

    def idle_until(self, seen_at: int) -> int | None:
        """How far an idle lane may go: all six topics were at their end at ``seen_at``; None with ``clock = event``.

        Not to the wall clock: what came after the look may precede a timer.
        """
        return None if self.wall is None else max(self.now, min(seen_at, self.wall()))


class SharedClock:
    """Clock ``event``: the lanes of a worker agree on the end of a backlog.

    A lane whose newest event is older than another's would leave timers unfired that a replay, with one now for all,
    fires.
    When every lane was at its end for ``idle`` ms, all go on to the latest now of any of them. With several workers
    each goes on to the latest of its own lanes: have one worker at the end of a backfill that must equal a replay to
    the last timer. Lateness and the 24 h of duplicates are always by the lane's own now.
    """

    def __init__(self, idle: int, wall: Wall = wall_ms) -> None:
        self._idle = idle
        self._wall = wall
        self._nows: dict[int, int] = {}
        self._since: dict[int, int] = {}

    def busy(self, partition: int, now: int) -> None:
        """The lane has work, or may get some."""
        self._nows[partition] = now
        self._since.pop(partition, None)

    def idle(self, partition: int, now: int) -> int | None:
        """The lane has none; returns the instant to go on to, once all lanes have waited long enough."""
        wall = self._wall()
        self._nows[partition] = now
        since = self._since.setdefault(partition, wall)
        if len(self._since) < len(self._nows) or wall - max(since, *self._since.values()) < self._idle:
            return None
        return max(self._nows.values())

    def forget(self, partition: int) -> None:
        """The lane is not this worker's any more."""
        self._nows.pop(partition, None)
        self._since.pop(partition, None)
