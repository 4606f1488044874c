"""The agent of ``clickstream``: what customers do on the site and in the app."""

from __future__ import annotations

from typing import Any

from agents.lanes.group import Lanes

TOPIC = "clickstream"


def register_clickstream(app: Any, lanes: Lanes) -> None:
    """Register the agent that hands chunks of this topic to their lanes."""

    async def take(chunks: Any) -> None:
        async for chunk in chunks:
            lanes.hand_over(chunk)

    app.agent(app.input_topic(TOPIC), name=TOPIC)(take)
