"""Reading a changelog while the broker is away."""

from __future__ import annotations

import asyncio

import pytest

from agents import changelog
from agents.changelog import ChangelogReader
from agents.local.process import free_port
from agents.settings import Settings


@pytest.mark.timeout(30)
def test_a_look_at_offsets_can_be_given_up_while_the_broker_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changelog, "_LOOK_SECONDS", 3_600.0)

    async def give_up() -> None:
        reader = ChangelogReader(Settings(bootstrap_servers=f"127.0.0.1:{free_port()}"))
        look = asyncio.create_task(reader.bounds([("clickstream", 0), ("email", 0)]))
        await asyncio.sleep(0)
        look.cancel()
        with pytest.raises(asyncio.CancelledError):
            await look
        await reader.close()

    asyncio.run(give_up())
