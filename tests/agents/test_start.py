"""A worker that cannot start leaves nothing running behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.embedded import EmbeddedBroker
from agents.worker import Worker
from schemas.policy import load
from tests.agents.running import make_topics, worker_settings


@pytest.mark.timeout(60)
async def test_a_worker_whose_start_fails_half_way_is_stopped_again(
    embedded_broker: EmbeddedBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = worker_settings(embedded_broker, tmp_path)
    make_topics(embedded_broker, settings)
    worker = Worker(settings, load(None))
    start = worker.start

    async def start_and_break() -> Worker:
        await start()
        message = "half way"
        raise OSError(message)

    monkeypatch.setattr(worker, "start", start_and_break)
    with pytest.raises(OSError, match="half way"):
        async with worker:
            pytest.fail("it started")
    assert worker.app.should_stop
    assert worker.lanes.lanes == {}
