"""A worker as its operators see it: probes, a summary, and one customer's line."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from aiokafka.partitioner import DefaultPartitioner

from agents.http.progress import Progress
from agents.http.status import Absent, LaneSummary, Summary, Verdict
from streams.describe import customer_line
from streams.state import Customer

if TYPE_CHECKING:
    from agents.lanes.group import Lanes
    from agents.settings import Settings
    from schemas.policy import Policy

_murmur2: Final = DefaultPartitioner()


class LanesStatus:
    """Answers probes from what the lanes are doing."""

    def __init__(self, settings: Settings, policy: Policy, lanes: Lanes, partitions: int) -> None:
        self._settings = settings
        self._policy = policy
        self._lanes = lanes
        self._partitions = list(range(partitions))
        self._progress = Progress()
        self._started_at = int(time.time() * 1000)
        self._seen: set[int] = set()

    def ready(self) -> Verdict:
        """Whether this worker has lanes and all of them have their state."""
        lanes = self._lanes.lanes
        if not lanes:
            return Verdict(("no partitions are assigned yet",))
        return Verdict(tuple(f"lane {number} reads its state" for number, lane in lanes.items() if not lane.ready))

    def alive(self) -> Verdict:
        """Whether no lane that has records to take stands still."""
        at = time.monotonic()
        lanes = self._lanes.lanes
        for number, lane in lanes.items():
            self._progress.seen(number, applied=sum(lane.applied.values()), lag=sum(lane.lag().values()), at=at)
        for number in self._seen - set(lanes):
            self._progress.forget(number)
        self._seen = set(lanes)
        return Verdict(self._progress.stuck(at))

    def customer(self, customer_id: str) -> Mapping[str, object] | Absent:
        """The customer's line at the lane's time."""
        number = int(_murmur2(customer_id.encode(), self._partitions, self._partitions))
        lane = self._lanes.lanes.get(number)
        if lane is None:
            return "elsewhere"
        if not lane.ready:
            return "recovering"
        state = lane.customers.get(customer_id)
        if not isinstance(state, Customer):
            return "unknown"
        return customer_line(state, lane.now, self._policy)

    def summary(self) -> Summary:
        """Who this worker is and where its lanes stand."""
        wall = self._lanes.around.wall()
        lanes = tuple(
            LaneSummary(
                partition=number,
                ready=lane.ready,
                paused=lane.intake.paused,
                lag=sum(lane.lag().values()),
                behind_seconds=0.0 if lane.settled else max(0.0, (wall - lane.now) / 1000),
                customers=lane.customers.count,
            )
            for number, lane in sorted(self._lanes.lanes.items())
        )
        return Summary(
            worker=self._settings.instance_id or f"{socket.gethostname()}-{os.getpid()}",
            version=version("engagement-engine"),
            policy_version=self._policy.version,
            group=self._settings.application_id,
            started_at=self._started_at,
            lanes=lanes,
        )
