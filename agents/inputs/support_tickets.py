"""The agent of ``support-tickets``: what happens to support tickets."""

from __future__ import annotations

from typing import Any

from agents.lanes.group import Lanes

TOPIC = "support-tickets"


def register_support_tickets(app: Any, lanes: Lanes) -> None:
    """Register the agent that hands chunks of this topic to their lanes."""

    async def take(chunks: Any) -> None:
        async for chunk in chunks:
            lanes.hand_over(chunk)

    app.agent(app.input_topic(TOPIC), name=TOPIC)(take)
