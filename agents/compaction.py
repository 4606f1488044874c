"""How the topics that hold the engine's state are kept, and what is wrong or unwise about those that exist.

Compaction keeps the newest record of each key. What an erasure or the retention deletes goes in two steps: the old
records when the broker compacts the segments after the tombstone, the tombstone ``delete.retention.ms`` later.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from schemas.times import DAY, HOUR

if TYPE_CHECKING:
    from agents.settings import Settings
    from agents.topicadmin import Found

logger = logging.getLogger(__name__)

COMPACTED: Final[Mapping[str, str]] = {
    "cleanup.policy": "compact",
    "segment.bytes": str(128 * 1024 * 1024),
    "segment.ms": str(DAY),
    "max.compaction.lag.ms": str(DAY),
    "min.cleanable.dirty.ratio": "0.2",
    "delete.retention.ms": str(DAY),
}
"""Topics that the engine makes: old records go within about a day, and recovery reads at most a quarter in vain."""
LONGEST_LAG: Final = 30 * DAY
"""Old records that may stay for longer than this (ms) are worth a word."""


def of_state(settings: Settings) -> tuple[str, str]:
    """The topics without which a worker would forget."""
    return settings.changelog_topic, settings.kpi_rows_topic


def only_compacted(policy: str) -> bool:
    """Whether a ``cleanup.policy`` never deletes the newest record of a key; ``compact,delete`` does."""
    return {part.strip() for part in policy.split(",")} == {"compact"}


def unsafe(settings: Settings, found: Mapping[str, Found]) -> Iterator[str]:
    """What would bring deleted customers back, one line each."""
    trusted = settings.rocksdb_trust_hours * HOUR
    for name in of_state(settings) if settings.store == "rocksdb" else ():
        kept = _number(found, name, "delete.retention.ms")
        if kept is not None and kept < trusted:
            yield (
                f"{name} has delete.retention.ms {kept}, and local state is trusted for {settings.rocksdb_trust_hours} "
                "hours: deleted customers would come back. Raise it, or lower ENGAGE_ROCKSDB_TRUST_HOURS"
            )


def advice(settings: Settings, found: Mapping[str, Found]) -> Iterator[str]:
    """What is allowed and unwise, one line each."""
    for name in of_state(settings):
        lag = _number(found, name, "max.compaction.lag.ms")
        if lag is not None and lag > LONGEST_LAG:
            yield (
                f"{name} sets no limit (max.compaction.lag.ms) to how long replaced records stay, those of erased "
                f"customers too; topics that the engine makes have {COMPACTED['max.compaction.lag.ms']}"
            )


def _number(found: Mapping[str, Found], name: str, setting: str) -> int | None:
    value = found[name].config.get(setting) if name in found else None
    return int(value) if value else None
