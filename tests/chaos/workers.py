"""Worker processes, each in its place: started, watched and started again as a supervisor would."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

import agents
from agents.local.process import LOOPBACK, free_port

ROOT = Path(agents.__file__).resolve().parents[1]
_AGAIN_SECONDS = 0.5
_STOP_SECONDS = 60.0
_DISK_BYTES = 64 * 1024
HUNG = -int(signal.SIGABRT)
"""The exit code of a worker that did not stop when it was asked to."""


class WorkerPlace:
    """One worker: at most one process at a time. ``wanted`` says whether it is to run; ``tend`` sees to it.

    ``settings`` are fields of ``agents.settings.Settings``; ``mutant`` runs an engine with a defect.
    """

    def __init__(self, name: str, settings: Mapping[str, object], folder: Path, mutant: str | None = None) -> None:
        self.name = name
        self.wanted = False
        self.paused = False
        self.exits: Counter[int] = Counter()
        """Exit codes that nobody asked for: 70 is a worker that could not go on safely."""
        self._port = free_port()
        self._log = folder / f"{name}.log"
        self._settings = {**settings, "data_dir": folder / name, "http_port": self._port}
        self._mutant = mutant
        self._process: subprocess.Popen[bytes] | None = None
        self._not_before = 0.0
        self._give_up_at: float | None = None
        """When a worker that was asked to stop is taken for hung."""

    @property
    def alive(self) -> bool:
        """Whether a process runs (or is stopped for a while)."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The id of the process that runs, if one does."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def tend(self) -> None:
        """Take note of an end, and start what is wanted and does not run."""
        process = self._process
        if process is not None and self._give_up_at is not None and time.monotonic() > self._give_up_at:
            process.send_signal(signal.SIGABRT)
            process.wait()
        if process is not None and (code := process.poll()) is not None:
            if code or self._give_up_at is None:
                self.exits[code] += 1
            self._process, self._give_up_at = None, None
            self._not_before = time.monotonic() + _AGAIN_SECONDS
        if self.wanted and self._process is None and time.monotonic() >= self._not_before:
            self._launch()

    def kill(self, away: float = 0.0) -> None:
        """SIGKILL; not started again for ``away`` seconds."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
            self._process = None
        self.paused, self._give_up_at = False, None
        self._not_before = time.monotonic() + away

    def pause(self) -> None:
        """SIGSTOP: alive and silent."""
        self._signal(signal.SIGSTOP)
        self.paused = True

    def resume(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)
        self.paused = False

    def ask_to_leave(self) -> None:
        """SIGTERM. Nobody waits: what else is broken meanwhile must heal in its time."""
        self.wanted = False
        if self.paused:
            self.resume()
        self._signal(signal.SIGTERM)
        self._give_up_at = time.monotonic() + _STOP_SECONDS

    def leave(self) -> int:
        """SIGTERM, and wait for the end; the exit code, -6 when it did not stop (its stacks are in its log then)."""
        self.wanted = False
        if self.paused:
            self.resume()
        process, self._process, self._give_up_at = self._process, None, None
        if process is None:
            return 0
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            code = process.wait()
        if code:
            self.exits[code] += 1
        return code

    def fill_disk(self) -> None:
        """Files of the worker can grow no more, as on a full disk (EFBIG stands for ENOSPC)."""
        if self.alive and self._process is not None:
            _, hard = resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (_DISK_BYTES, hard))

    def free_disk(self) -> None:
        """Files can grow again."""
        if self.alive and self._process is not None:
            _, hard = resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (hard, hard))

    def gauges(self) -> dict[str, dict[str, float]]:
        """Metric -> partition -> sum of its values over other labels; empty while it does not answer."""
        try:
            with urllib.request.urlopen(f"http://{LOOPBACK}:{self._port}/metrics", timeout=2) as answer:
                text = answer.read().decode()
        except OSError:
            return {}
        found: dict[str, dict[str, float]] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if "partition" in sample.labels:
                    lanes = found.setdefault(sample.name, {})
                    number = sample.labels["partition"]
                    lanes[number] = lanes.get(number, 0.0) + sample.value
        return found

    def ready_lanes(self) -> set[str]:
        """Partitions that this worker has ready, as far as it answers."""
        return {number for number, ready in self.gauges().get("engage_lane_ready", {}).items() if ready}

    def lacks(self, lanes: Collection[int], until: int) -> str:
        """What keeps the worker from the end: all lanes ready, nothing waiting, no timer due by ``until`` (ms)."""
        gauges = self.gauges()
        due = gauges.get("engage_next_timer_timestamp_seconds", {})
        ready = {number for number, value in gauges.get("engage_lane_ready", {}).items() if value}
        lag = gauges.get("engage_lag_records", {})
        at_the_end = ready == {str(number) for number in lanes} and not sum(lag.values())
        if at_the_end and min(due.values(), default=2 * until) * 1000 > until:
            return ""
        return f"ready {sorted(ready)}, lag {lag}, due {due}"

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def _launch(self) -> None:
        module = ["tests.chaos.mutants", self._mutant] if self._mutant else ["agents.cli"]
        bound = shutil.which("setpriv")
        prefix = [bound, "--pdeathsig", "KILL"] if bound else []
        environment = {f"ENGAGE_{name.upper()}": str(value) for name, value in self._settings.items()}
        environment["PYTHONFAULTHANDLER"] = "1"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*prefix, sys.executable, "-m", *module, "worker", "--log-level", "warning"],
                cwd=ROOT,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
