"""``engage simulate``: made-up customers, to files or to a broker."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from agents.cli.options import InstantType, PathType
from agents.cli.problems import told
from agents.cli.settings import set_option, settings_of
from schemas.times import Instant

EPILOG = """\b
Examples:
  engage simulate --out events
  engage simulate --customers 50000 --events 400000 --zipf 1.1 --seed 7 --out events
  engage simulate --customers 500 --dirty 0.02 --bootstrap localhost:9092 --rate 200
"""


@click.command(epilog=EPILOG)
@click.option("--customers", type=click.IntRange(1), default=1_000, show_default=True, help="How many customers.")
@click.option("--days", type=click.IntRange(1), default=30, show_default=True, help="How many days.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed and options give the same bytes.")
@click.option("--start", type=InstantType(), metavar="TIME", help="The first day. Default: 2026-01-01.")
@click.option("--events", type=click.IntRange(1), help="How many events. Default: one in two days for each customer.")
@click.option(
    "--zipf", type=click.FloatRange(0, 5), default=0.6, show_default=True, help="How unevenly they act; 0 is evenly."
)
@click.option(
    "--dirty", type=click.FloatRange(0, 1), default=0.0, show_default=True,
    help="The share of events that come twice, late or broken.",
)  # fmt: skip
@click.option("--out", type=PathType(), metavar="DIR", help="Write topic files to this folder; made if missing.")
@click.option("--bootstrap", metavar="HOST:PORT", help="Or send to this broker.")
@set_option
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="Events per second sent. Default: no limit.")
def simulate(
    customers: int, days: int, seed: int, start: Instant | None, events: int | None, zipf: float, dirty: float,
    out: Path | None, bootstrap: str | None, more: dict[str, str], rate: float | None,
) -> None:  # fmt: skip
    """Make events of believable customers over all six topics.

    They browse, buy, read, complain or keep silent; get campaigns, mostly within the contact schedule; abandon carts,
    open tickets and answer surveys. Give either --out or --bootstrap.
    """
    if (out is None) == (bootstrap is None):
        message = "give either --out DIR or --bootstrap HOST:PORT"
        raise click.UsageError(message)
    if rate is not None and bootstrap is None:
        message = "--rate goes with --bootstrap"
        raise click.UsageError(message)
    from agents.simulate import START, Settings, write
    from agents.simulate import events as stream

    with told():
        settings = Settings(
            customers=customers, days=days, seed=seed, start=START if start is None else start, events=events,
            zipf=zipf, dirty=dirty,
        )  # fmt: skip
        with _progress(settings.total) as on_progress:
            if out is not None:
                counts = write(settings, out, on_progress)
            else:
                from agents.produce import produce

                connection = settings_of(more, bootstrap_servers=bootstrap)
                sent = produce(connection.bootstrap_servers, stream(settings), rate, on_progress, connection)
    if out is not None:
        for topic, count in counts.items():
            click.echo(f"{count:>12,} events in {out / f'{topic}.jsonl'}")
        click.echo(f"{counts.total():>12,} events of {customers:,} customers; next: engage replay {out} --out out")
    else:
        click.echo(f"{sent:,} events of {customers:,} customers sent to {bootstrap} and confirmed")


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr for a person; nothing when stderr is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("events"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
    with bar:
        task = bar.add_task("events", total=total)
        yield lambda done: bar.update(task, completed=done)
