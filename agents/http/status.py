"""What the HTTP server asks of a worker. The shell answers; a test answers with a few lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol, TypeAlias

import msgspec

Absent: TypeAlias = Literal["unknown", "elsewhere", "recovering"]
"""Why there is no state to show: never seen (or erased), another worker's lane, or a lane that is not recovered yet."""


class Verdict(msgspec.Struct, frozen=True):
    """An answer to a probe: ``reasons`` say in words why it is no; empty when it is yes."""

    reasons: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """True when nothing speaks against it."""
        return not self.reasons


class LaneSummary(msgspec.Struct, frozen=True):
    """One lane in a line: ``lag`` in records over all topics, ``behind_seconds`` of event time."""

    partition: int
    ready: bool
    paused: bool
    lag: int
    behind_seconds: float
    customers: int


class Summary(msgspec.Struct, frozen=True):
    """What a worker is: ``started_at`` is unix time in milliseconds, ``lanes`` are those it has now."""

    worker: str
    version: str
    policy_version: str
    group: str
    started_at: int
    lanes: tuple[LaneSummary, ...] = ()


class WorkerStatus(Protocol):
    """A worker as its operators see it. No method may wait or change anything."""

    def ready(self) -> Verdict:
        """Say whether every lane of this worker is recovered, so that it does its share."""
        ...

    def alive(self) -> Verdict:
        """Say whether work goes on; when not, a restart is the cure."""
        ...

    def customer(self, customer_id: str) -> Mapping[str, object] | Absent:
        """The customer's line (CONTRACT 10), contact allowance included, as of the lane's time."""
        ...

    def summary(self) -> Summary:
        """What this worker is and does."""
        ...
