"""What all lanes of a worker share, and how a worker ends when it must."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from agents.lanes.clocks import Wall, wall_ms
from agents.lanes.decide import Combine, combine_nothing

if TYPE_CHECKING:
    from agents.footing import Footing
    from agents.lanes.clocks import SharedClock
    from agents.lanes.flow import Flow
    from agents.lanes.tally import DeadLetterLimit
    from agents.metrics import Metrics
    from agents.settings import Guarantee, Settings
    from agents.stores import Store
    from agents.tables import State
    from schemas.policy import Policy

logger = logging.getLogger(__name__)

EXIT_FAILED: Final = 70
"""Exit status when the worker cannot go on without losing something: its supervisor starts it again."""

Fail = Callable[[str], None]


def exit_hard(reason: str) -> None:
    """End the process at once: a soft end would go on with what is not safe."""
    logger.critical("Stopping (exit %d): %s", EXIT_FAILED, reason)
    logging.shutdown()
    os._exit(EXIT_FAILED)


class Watcher(Protocol):
    """Is told what was written, after it is safe: a view for other services, a status page."""

    def joined(self, partition: int, store: Store, now: Callable[[], int]) -> None:
        """A lane has its state; ``now`` tells the lane's time (ms). Must not block or raise."""

    def written(self, partition: int, states: Mapping[str, State | None], emissions: Any) -> None:
        """States that a chunk changed (None: the customer is gone) and what was emitted. Must not block or raise."""

    def gone(self, partition: int) -> None:
        """Another worker has this lane now."""


@dataclass(frozen=True)
class Surroundings:
    """Everything a lane is given."""

    settings: Settings
    policy: Policy
    metrics: Metrics
    flow: Flow
    shared: SharedClock
    limit: DeadLetterLimit
    guarantee: Guarantee
    footing: Footing
    fail: Fail = exit_hard
    combine: Combine = combine_nothing
    watchers: tuple[Watcher, ...] = ()
    wall: Wall = wall_ms
    said: set[str] = field(default_factory=set)
    """What is said only once."""

    def say_once(self, message: str) -> None:
        """Log a warning the first time."""
        if message not in self.said:
            self.said.add(message)
            logger.warning(message)
