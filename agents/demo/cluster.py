"""The broker and the worker of the demo."""

from __future__ import annotations

import sys
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import orjson
from prometheus_client.parser import text_string_to_metric_families

from agents.embedded import EmbeddedBroker
from agents.local.process import LOOPBACK, LocalServer, free_port
from schemas.topics import CATALOGUE

PARTITIONS = 4
APPLICATION = "engage-demo"
OUTPUTS = ("score-changes", "triggers", "dead-letters")


def open_broker() -> EmbeddedBroker:
    """An embedded broker with all topics that the engine needs; the caller stops it."""
    broker = EmbeddedBroker().start()
    for name in CATALOGUE:
        broker.create_topic(name, PARTITIONS)
    for name in (f"{APPLICATION}-customers-changelog", f"{APPLICATION}-kpi-rows"):
        broker.create_topic(name, PARTITIONS, compacted=True)
    return broker


class Worker(LocalServer):
    """``engage worker`` as a process of its own, ready when ``start`` returns."""

    name = "worker"

    def __init__(self, bootstrap_servers: str, policy_file: Path | None = None) -> None:
        super().__init__()
        self._bootstrap_servers = bootstrap_servers
        self._policy_file = policy_file
        self.port = free_port()

    @property
    def url(self) -> str:
        """Where it serves customers, health and metrics."""
        return f"http://{LOOPBACK}:{self.port}"

    def command(self) -> Sequence[str]:
        """The command that a person would type, with the settings that the embedded broker needs."""
        settings = {
            "create_topics": "false", "partitions": PARTITIONS, "check_crcs": "false",
            "fetch_wait_ms": 50, "sweep_ms": 500, "backlog_idle_ms": 1_500,
        }  # fmt: skip
        policy = ["--policy", str(self._policy_file)] if self._policy_file else []
        return [
            sys.executable, "-m", "agents.cli", "worker", "--bootstrap", self._bootstrap_servers,
            "--application-id", APPLICATION, "--clock", "event", "--guarantee", "at_least_once",
            "--http-host", LOOPBACK, "--http-port", str(self.port), "--log-level", "warning", *policy,
            *(part for name, value in settings.items() for part in ("--set", f"{name}={value}")),
        ]  # fmt: skip

    def answers(self, seconds: float) -> bool:
        """Whether the worker is ready for events."""
        try:
            return self._get("/readyz", seconds) is not None
        except OSError:
            return False

    @property
    def last_words(self) -> str:
        """The last line of its log."""
        lines = self.log.read_text(errors="replace").split("\n") if self.log.exists() else []
        return next((line for line in reversed(lines) if line.strip()), "")

    def customer(self, customer_id: str) -> dict[str, object] | None:
        """The customer's line; None when the worker does not have it."""
        try:
            line: dict[str, object] = orjson.loads(self._get(f"/customers/{urllib.parse.quote(customer_id)}", 5.0))
        except (OSError, ValueError):
            return None
        return line

    def handled(self) -> int:
        """Input records handled since the start."""
        return int(self.total("engage_lane_records"))

    def total(self, family: str) -> float:
        """A counter of the worker, over all its labels; 0 while the worker does not answer."""
        try:
            text = self._get("/metrics", 5.0).decode()
        except OSError:
            return 0.0
        return sum(
            sample.value
            for found in text_string_to_metric_families(text)
            if found.name == family
            for sample in found.samples
            if sample.name == f"{family}_total"
        )

    def _get(self, path: str, seconds: float) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=seconds) as answer:  # noqa: S310
            body: bytes = answer.read()
            return body
