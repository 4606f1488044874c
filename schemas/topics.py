"""The catalogue of topics: what each carries, how it is keyed and how long it is kept."""

from __future__ import annotations

from typing import Final

import msgspec

from schemas.events import EVENTS
from schemas.times import DAY

INPUTS: Final = tuple(EVENTS)
"""The six input topics in the order of the contract, which also breaks ties in a merge."""


class Topic(msgspec.Struct, frozen=True):
    """One topic: ``key`` says what the message key is, ``retention_ms`` is None for a compacted topic."""

    name: str
    key: str
    retention_ms: int | None
    description: str


SCORE_CHANGES: Final = Topic("score-changes", "customer_id", 30 * DAY, "Changes of score or level, explained")
TRIGGERS: Final = Topic("triggers", "customer_id", 30 * DAY, "Trigger events, and erasures")
KPIS: Final = Topic("kpis", "dimension", 30 * DAY, "Figures across customers")
DEAD_LETTERS: Final = Topic("dead-letters", "key of the source record", 90 * DAY, "What could not be applied, whole")

OUTPUTS: Final = (SCORE_CHANGES, TRIGGERS, KPIS, DEAD_LETTERS)
SOURCES: Final = tuple(
    Topic(name, "customer_id", 14 * DAY, "Input events: " + ", ".join(kind.action for kind in kinds))
    for name, kinds in EVENTS.items()
)
CATALOGUE: Final = {topic.name: topic for topic in (*SOURCES, *OUTPUTS)}
