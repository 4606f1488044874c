"""The view of a worker: what its lanes changed goes to Redis, behind the engine and never in its way.

Lanes hand over what was delivered; one task describes customers and writes them. It takes at most ``view_share`` of the
time of the event loop. While Redis is down, it tries again after pauses that grow to some seconds, and keeps only which
customers changed and their newest triggers.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from agents.view.keys import address_of
from agents.view.lane import LaneView
from agents.view.refusal import refusal

if TYPE_CHECKING:
    from agents.metrics import Metrics
    from agents.settings import Settings
    from agents.stores import Store
    from agents.tables import State
    from agents.view.keys import Address
    from schemas.policy import Policy

logger = logging.getLogger(__name__)

_BATCH: Final = 200
_CHECK_SECONDS: Final = 2.0
"""How often a lane that has nothing to write looks whether Redis still has what it wrote."""
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 10.0
_LAST_SECONDS: Final = 3.0
_BREATH: Final = 0.01


class View:
    """Watches the lanes of a worker. ``start`` in a running event loop, ``stop`` before the stores are closed."""

    def __init__(self, settings: Settings, policy: Policy, metrics: Metrics, address: Address) -> None:
        self._settings = settings
        self._policy = policy
        self._metrics = metrics
        self._address = address
        self._lanes: dict[int, LaneView] = {}
        self._redis: Any = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._pause = 0.0
        self._written = 0

    @property
    def up_to_date(self) -> bool:
        """Redis has everything that was delivered up to now, as far as this worker knows."""
        return all(lane.up_to_date or lane.stood_down for lane in self._lanes.values())

    def joined(self, partition: int, store: Store, now: Callable[[], int]) -> None:
        """A lane has its state; ``now`` tells the lane's time (ms)."""
        self.gone(partition)
        self._lanes[partition] = LaneView(partition, store, now, self._settings, self._policy, self._redis)

    def written(self, partition: int, states: Mapping[str, State | None], emissions: Any) -> None:
        """States that a chunk changed, and what was emitted."""
        lane = self._lanes.get(partition)
        if lane is not None and not lane.stood_down:
            lane.pending.changed(states, emissions)

    def gone(self, partition: int) -> None:
        """Another worker has this lane now."""
        lane = self._lanes.pop(partition, None)
        if lane is not None:
            lane.gone = True

    def start(self) -> None:
        """Begin to write; connects when there is something to write."""
        self._redis = connect(self._address)
        self._task = asyncio.create_task(self._run(), name="view")

    async def stop(self) -> None:
        """Write what is left, if that takes no more than some seconds, and disconnect."""
        self._stopping.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=_LAST_SECONDS)
            self._task.cancel()
        if not self._pause:
            with suppress(Exception):
                await asyncio.wait_for(self._finish(), _LAST_SECONDS)
        await self._redis.aclose()

    async def _finish(self) -> None:
        deadline = time.monotonic() + _LAST_SECONDS
        while not self.up_to_date and time.monotonic() < deadline:
            await self._turn()
            await asyncio.sleep(_BREATH)
        for lane in self._lanes.values():
            await lane.release()

    async def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._turn()
            except Exception as failure:
                self._failed(failure)
            else:
                self._succeeded()
            wait = self._pause or (0.0 if self._behind() else self._settings.view_flush_ms / 1000)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), wait)

    def _behind(self) -> bool:
        return any(not lane.complete and not lane.stood_down for lane in self._lanes.values())

    async def _turn(self) -> None:
        """One batch of each lane."""
        lanes = [lane for lane in self._lanes.values() if not lane.stood_down]
        for lane in lanes:
            if lane.claim is None:
                await lane.take_over()
        for lane in lanes:
            self._written += await one_batch(lane, self._rest)

    async def _rest(self, seconds: float) -> None:
        """Leave the event loop to the engine for its share."""
        share = 1.0 if self._stopping.is_set() else self._settings.view_share
        await asyncio.sleep(seconds * (1 / share - 1))

    def _failed(self, failure: Exception) -> None:
        if not self._pause:
            logger.warning(
                "The view cannot be written (%s): the engine goes on, the view will catch up", refusal(failure)
            )
            logger.debug("The view cannot be written", exc_info=failure)
        self._pause = min(_LONGEST_PAUSE, 2 * self._pause or _FIRST_PAUSE)
        self._report(errors=1)

    def _succeeded(self) -> None:
        if self._pause:
            logger.info("The view is written again")
        self._pause = 0.0
        self._report(errors=0)

    def _report(self, errors: int) -> None:
        now = time.monotonic()
        lanes = [lane for lane in self._lanes.values() if not lane.stood_down]
        self._metrics.view(
            lag_seconds=max((lane.lag(now) for lane in lanes), default=0.0),
            pending=sum(len(lane.pending) for lane in lanes),
            written=self._written,
            errors=errors,
        )
        self._written = 0


def view_of(settings: Settings, policy: Policy, metrics: Metrics) -> View | None:
    """The view of a worker; None when the settings name no Redis.

    Raises:
        ValueError: the address cannot be one of a Redis.

    """
    address = address_of(settings)
    if address is None:
        return None
    connect(address)
    return View(settings, policy, metrics, address)


def connect(address: Address) -> Any:
    """A client; nothing is sent before its first command, and nothing is tried twice by itself."""
    return Redis.from_url(address.url, retry=Retry(NoBackoff(), 0), **address.options())


async def one_batch(lane: LaneView, rest: Callable[[float], Any]) -> int:
    """Write the customers of a lane that wait longest; returns how many. What could not be written waits again."""
    if lane.gone:
        return 0
    batch = await lane.prepare(_BATCH)
    if not batch and time.monotonic() - lane.checked_at < _CHECK_SECONDS:
        return 0
    done = False
    try:
        writes = await lane.describe(batch, rest)
        done = await lane.write(writes)
    finally:
        if not done:
            lane.pending.put_back(batch)
    return len(writes) if done else 0
