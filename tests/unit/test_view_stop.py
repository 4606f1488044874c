"""A worker that is asked to stop waits for its view no longer than it says."""

from __future__ import annotations

import asyncio
import contextlib
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from agents.metrics import Metrics
from agents.settings import Settings
from agents.view.writer import view_of
from schemas.policy import load


class Deaf:
    """A lane that is never written, and whose client takes a cancellation for an answer."""

    up_to_date = stood_down = gone = complete = False
    claim, checked_at, pending = object(), 0.0, SimpleNamespace(put_back=lambda _: None)

    async def prepare(self, count: int) -> dict[str, Any]:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0.1)
        return {}

    async def describe(self, batch: object, rest: object) -> list[Any]:
        return []

    async def write(self, writes: object) -> bool:
        return False

    async def release(self) -> None:
        """Nothing to release."""

    def lag(self, now: float) -> float:
        return 0.0


@pytest.mark.timeout(30)
async def test_a_lane_that_cannot_be_written_does_not_keep_a_worker_from_stopping() -> None:
    view = view_of(Settings(redis_url="redis://127.0.0.1:1/0"), load(None), Metrics(CollectorRegistry()))
    assert view is not None
    view.start()
    view._lanes[0] = Deaf()  # type: ignore[assignment]
    view._task.cancel()  # type: ignore[union-attr]
    await view.stop()
    assert view._redis.connection_pool._available_connections == []
