"""``python -m tests.chaos.rolling``: each worker stopped and started in turn under load; how late outputs come."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import click
import orjson

from agents.changelog import LANE_KEY
from agents.local import kafka
from schemas.times import parse_instant
from schemas.topics import INPUTS
from tests.chaos.cluster import CHANGELOG, read
from tests.chaos.load import PARTITIONS, newest
from tests.chaos.steady import Feeder, Field, clean, dated, wait

LIMIT_SECONDS: Final = 15.0
"""No output of a rolling restart may come later than this."""
_LONGEST_SECONDS: Final = 240.0


class Restart(NamedTuple):
    """One worker's turn, in seconds of the wall clock: asked to stop, ended, all lanes ready again."""

    worker: str
    asked: float
    ended: float
    ready: float


class Rolling(NamedTuple):
    """What came of it: delays of outputs in seconds, and the pause of each partition by restart."""

    restarts: list[Restart]
    delays: list[float]
    late_timers: list[float]
    pauses: list[list[float]]
    records: int
    exits: str
    findings: dict[str, int]

    @property
    def longest(self) -> float:
        """The delay of the latest output."""
        return max(self.delays, default=0.0)

    def lines(self) -> list[str]:
        """The result in words and figures."""
        found = [
            f"{turn.worker}: ended after {turn.ended - turn.asked:.1f} s, all lanes ready after "
            f"{turn.ready - turn.asked:.1f} s; pause of each partition {' '.join(f'{pause:.1f}' for pause in pauses)} s"
            for turn, pauses in zip(self.restarts, self.pauses, strict=True)
        ]
        delays = sorted(self.delays)
        found.append(
            f"{self.records:,} records in, {len(delays):,} outputs caused by one: delay median "
            f"{_at(delays, 0.5):.2f} s, 99 % {_at(delays, 0.99):.2f} s, longest {self.longest:.2f} s "
            f"(limit {LIMIT_SECONDS:g} s)"
        )
        if self.late_timers:
            timers = sorted(self.late_timers)
            found.append(
                f"{len(timers):,} outputs of timers: 99 % {_at(timers, 0.99):.2f} s, longest {timers[-1]:.2f} s"
            )
        found.append(f"ends of workers that nobody asked for: {self.exits}")
        kinds = ("lost", "doubled", "different", "repeated")
        return [*found, ", ".join(f"{kind} {self.findings.get(kind, 0)}" for kind in kinds)]


def rolling(folder: Path, rate: float, workers: int, clock: str, rest: float, **settings: object) -> Rolling:
    """Run it: ``rate`` records a second while one worker after another leaves and comes back."""
    items = clean(1, int(rate * _LONGEST_SECONDS))
    restarts = []
    with Field(folder, workers, {"clock": clock, **settings}) as field:
        if clock == "wall":
            items = dated(items, int(time.time() * 1000), rate)
        feeder = Feeder(field.kafka.bootstrap_servers, items, rate).start()

        wait(2 * rest, field.tend)
        for place in field.workers:
            asked = time.time()
            code = place.leave()
            assert code == 0, f"{place.name} ended with {code}"
            ended = time.time()
            place.wanted = True
            field.await_ready(place)
            restarts.append(Restart(place.name, asked, ended, time.time()))
            wait(rest, field.tend)
        sent = feeder.stop()
        field.await_applied(sent)
        exits = field.exits
        until = int(time.time() * 1000) if clock == "wall" else newest(sent)
        findings = field.judge(sent, until)
        delays, late_timers = _delays(field.kafka.bootstrap_servers, clock)
        pauses = _pauses(field.kafka.bootstrap_servers, restarts, rest)
    return Rolling(restarts, delays, late_timers, pauses, len(sent), exits, dict(findings.counts))


def _delays(servers: str, clock: str) -> tuple[list[float], list[float]]:
    """Seconds from the broker's date of an event to that of each output it caused; and of timers from when due."""
    came: dict[str, int] = {}
    for message in read(servers, *INPUTS):
        came.setdefault(_field(message.value(), "event_id"), message.timestamp()[1])
    delays, late_timers = [], []
    for message in read(servers, "score-changes", "triggers"):
        data, at = orjson.loads(message.value())["data"], message.timestamp()[1]
        if data.get("cause") in came:
            delays.append((at - came[data["cause"]]) / 1000)
        elif clock == "wall":
            late_timers.append((at - parse_instant(data["at"])) / 1000)
    return delays, late_timers


def _field(value: bytes | None, name: str) -> str:
    try:
        body: Any = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        return ""
    return str(body.get(name, "")) if isinstance(body, dict) else ""


def _pauses(servers: str, restarts: Sequence[Restart], rest: float) -> list[list[float]]:
    """By restart and partition: the longest time (seconds) in which nothing was applied."""
    applied: defaultdict[int, list[float]] = defaultdict(list)
    for message in read(servers, CHANGELOG):
        if message.key() == LANE_KEY:
            applied[message.partition()].append(message.timestamp()[1] / 1000)
    return [
        [_gap(applied, number, turn.asked - rest / 2, turn.ready + rest) for number in range(PARTITIONS)]
        for turn in restarts
    ]


def _gap(applied: Mapping[int, list[float]], number: int, start: float, end: float) -> float:
    times = [at for at in sorted(applied.get(number, ())) if start <= at <= end]
    return max((later - earlier for earlier, later in itertools.pairwise(times)), default=end - start)


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


@click.command()
@click.option("--rate", default=500.0, show_default=True, help="Records a second.")
@click.option("--workers", default=3, show_default=True)
@click.option("--clock", type=click.Choice(["event", "wall"]), default="wall", show_default=True)
@click.option("--rest", default=5.0, show_default=True, help="Seconds between two restarts.")
@click.option("--store", type=click.Choice(["memory", "rocksdb"]), default="memory", show_default=True)
@click.option("--evidence", type=click.Path(path_type=Path), help="Folder for logs and differences.")
def main(rate: float, workers: int, clock: str, rest: float, store: str, evidence: Path | None) -> None:
    """Restart all workers, one after another, with their default settings, and compare with a replay."""
    lack = kafka.missing()
    if lack:
        raise click.ClickException(lack)
    folder = (evidence or Path(tempfile.mkdtemp(prefix="engage-chaos-"))) / "rolling"
    shutil.rmtree(folder, ignore_errors=True)
    click.echo(f"{rate:,.0f} records/s, {workers} workers, clock {clock}, store {store}")
    found = rolling(folder, rate, workers, clock, rest, store=store)
    click.echo("\n".join(found.lines()))
    if any(found.findings.values()):
        raise click.ClickException(f"not exact: see {folder}")
    if found.longest > LIMIT_SECONDS:
        raise click.ClickException(f"an output came {found.longest:.1f} s late")


if __name__ == "__main__":
    main()
