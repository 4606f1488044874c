"""``python -m tests.chaos.outage``: the broker away under a steady load, how the lag is worked off, and if exact."""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Final, NamedTuple, Self

import click

from agents.local import kafka
from tests.chaos.cluster import Progress
from tests.chaos.load import Item, ends, newest
from tests.chaos.steady import Feeder, Field, clean, dated, wait

_BEFORE: Final = 15.0
_TICK: Final = 0.25
_STALLED_SECONDS: Final = 300.0
_LOAD_SECONDS: Final = 1.0
"""Lag that counts as worked off: what comes in so many seconds."""


class Sample(NamedTuple):
    """At ``at`` (seconds) producers have offered so many records, of which so many are applied."""

    at: float
    offered: int
    applied: int

    @property
    def lag(self) -> int:
        """Records offered and not applied."""
        return self.offered - self.applied


class Outage(NamedTuple):
    """What came of it. Times are seconds on one clock: broker away, broker back, load ended."""

    samples: list[Sample]
    away: float
    back: float
    ended: float
    exits: str
    findings: dict[str, int]

    @property
    def worked_off(self) -> Sample:
        """The first sample after the outage with less lag than ``_LOAD_SECONDS`` of load."""
        rate = max(1.0, self.samples[-1].offered / (self.ended - self.samples[0].at))
        after = (sample for sample in self.samples if sample.at > self.back)
        return next((sample for sample in after if sample.lag < rate * _LOAD_SECONDS), self.samples[-1])

    def lines(self) -> list[str]:
        """The result in words and figures."""
        before = [sample.lag for sample in self.samples if self.away - 5 < sample.at < self.away]
        last = max((sample for sample in self.samples if sample.at <= self.back), key=lambda sample: sample.at)
        moved = next(sample for sample in self.samples if sample.applied > last.applied)
        done = self.worked_off
        speed = (done.applied - last.applied) / max(0.001, done.at - moved.at)
        alone = done.at - max(self.ended, self.back)
        when = "under the same load" if alone < 0 else f"{alone:.1f} s of it without load"
        return [
            f"broker away {self.back - self.away:.1f} s; lag before {statistics.median(before):,.0f} records, "
            f"at most {max(sample.lag for sample in self.samples):,}",
            f"first record applied {moved.at - self.back:.1f} s after it was back; lag worked off after "
            f"{done.at - self.back:.1f} s ({when}), at {speed:,.0f} records/s",
            f"ends of workers that nobody asked for: {self.exits}",
            ", ".join(f"{kind} {self.findings.get(kind, 0)}" for kind in ("lost", "doubled", "different", "repeated")),
        ]


class Sampler:
    """Looks at the lag from ``start`` to ``stop``, in a thread of its own."""

    def __init__(self, servers: str, items: list[Item], feeder: Feeder) -> None:
        self.samples = [Sample(time.monotonic(), 0, 0)]
        self.total = len(items)
        self._feeder = feeder
        self._progress = Progress(servers, ends(items))
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def start(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join()
        self._progress.close()

    @property
    def applied(self) -> int:
        """Records applied at the last look."""
        return self.samples[-1].applied

    def _look(self) -> None:
        while not self._ended.wait(_TICK):
            applied = self._progress.look()
            self.samples.append(Sample(time.monotonic(), self._feeder.offered, applied))


def outage(folder: Path, rate: float, seconds: float, after: float, workers: int, how: str, clock: str) -> Outage:
    """Run it: ``rate`` records a second before, during and ``after`` (seconds) the broker is away."""
    items = clean(1, int(rate * (_BEFORE + seconds + after)))
    with Field(folder, workers, {"clock": clock}) as field:
        if clock == "wall":
            items = dated(items, int(time.time() * 1000), rate)
        feeder = Feeder(field.kafka.bootstrap_servers, items, rate).start()
        sampler = Sampler(field.kafka.bootstrap_servers, items, feeder).start()
        wait(_BEFORE, field.tend)
        away = time.monotonic()
        _strike(field, how)
        wait(seconds, field.tend)
        _heal(field, how)
        back = time.monotonic()
        ended = sampler.samples[0].at + len(items) / rate
        while sampler.applied < sampler.total:
            assert time.monotonic() < ended + _STALLED_SECONDS, f"{sampler.applied} of {len(items)} records applied"
            wait(_TICK, field.tend)
        sampler.stop()
        feeder.stop()
        exits = field.exits
        findings = field.judge(items, int(time.time() * 1000) if clock == "wall" else newest(items))
    return Outage(sampler.samples, away, back, ended, exits, dict(findings.counts))


def _strike(field: Field, how: str) -> None:
    if how == "kill":
        field.kafka.kill()
    elif field.kafka.pid:
        os.kill(field.kafka.pid, signal.SIGSTOP)


def _heal(field: Field, how: str) -> None:
    if how == "kill":
        field.kafka.start()
    elif field.kafka.pid:
        os.kill(field.kafka.pid, signal.SIGCONT)


@click.command()
@click.option("--rate", default=5_000.0, show_default=True, help="Records a second, before, during and after.")
@click.option("--seconds", default=60.0, show_default=True, help="How long the broker is away.")
@click.option("--after", default=120.0, show_default=True, help="How long the load goes on afterwards, seconds.")
@click.option("--workers", default=2, show_default=True)
@click.option("--how", type=click.Choice(["kill", "stop"]), default="kill", show_default=True,
              help="SIGKILL and a new start, or SIGSTOP and SIGCONT.")  # fmt: skip
@click.option("--clock", type=click.Choice(["event", "wall"]), default="event", show_default=True)
@click.option("--evidence", type=click.Path(path_type=Path), help="Folder for logs and differences.")
def main(rate: float, seconds: float, after: float, workers: int, how: str, clock: str, evidence: Path | None) -> None:
    """Take the broker away under load, with the default settings of a worker, and compare with a replay."""
    lack = kafka.missing()
    if lack:
        raise click.ClickException(lack)
    folder = (evidence or Path(tempfile.mkdtemp(prefix="engage-chaos-"))) / "outage"
    shutil.rmtree(folder, ignore_errors=True)
    click.echo(f"{rate:,.0f} records/s, {workers} workers, clock {clock}, broker {how} for {seconds:g} s")
    found = outage(folder, rate, seconds, after, workers, how, clock)
    click.echo("\n".join(found.lines()))
    if any(found.findings.values()):
        raise click.ClickException(f"not exact: see {folder}")


if __name__ == "__main__":
    main()
