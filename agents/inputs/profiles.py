"""The agent of ``profiles``: attributes of customers, and erasures."""

from __future__ import annotations

from typing import Any

from agents.lanes.group import Lanes

TOPIC = "profiles"


def register_profiles(app: Any, lanes: Lanes) -> None:
    """Register the agent that hands chunks of this topic to their lanes."""

    async def take(chunks: Any) -> None:
        async for chunk in chunks:
            lanes.hand_over(chunk)

    app.agent(app.input_topic(TOPIC), name=TOPIC)(take)
