"""A worker for the tests of the HTTP server: it says what it is told to say."""

from __future__ import annotations

from collections.abc import Mapping

from agents.http import Absent, LaneSummary, Summary, Verdict
from schemas.times import parse_instant

LINE: Mapping[str, object] = {
    "customer_id": "a/b c",
    "score": 42,
    "contact": {"allowed": False, "reasons": ["schedule"]},
}
BEARER = "correct horse"


class FakeWorker:
    """A worker that says what it is told to say."""

    def __init__(self) -> None:
        self.not_ready: tuple[str, ...] = ()
        self.not_alive: tuple[str, ...] = ()
        self.customers: dict[str, Mapping[str, object] | Absent] = {"a/b c": LINE}
        self.lanes: tuple[LaneSummary, ...] = (
            LaneSummary(partition=0, ready=True, paused=False, lag=12_345, behind_seconds=3.2, customers=1_000),
            LaneSummary(partition=1, ready=False, paused=False, lag=0, behind_seconds=0, customers=0),
        )

    def ready(self) -> Verdict:
        """Ready, unless told why not."""
        return Verdict(self.not_ready)

    def alive(self) -> Verdict:
        """Alive, unless told why not."""
        return Verdict(self.not_alive)

    def customer(self, customer_id: str) -> Mapping[str, object] | Absent:
        """What it was given."""
        return self.customers.get(customer_id, "unknown")

    def summary(self) -> Summary:
        """Two lanes, and names that need escaping."""
        return Summary("worker-1 <b>", "0.1.0", "7 & 8", "engage", parse_instant("2026-11-22T00:00:00Z"), self.lanes)
