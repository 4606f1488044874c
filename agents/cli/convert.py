"""``engage convert``: a foreign source in, topic files out."""

from __future__ import annotations

from pathlib import Path

import click

from agents.adapters import KINDS
from agents.cli.options import PathType
from agents.cli.problems import told

SHOWN = 20
"""How many unreadable rows are shown one by one; the rest is in the count."""
EPILOG = (
    "\b\nKinds:\n"
    + "\n".join(f"  {name:17} {adapter.reads}" for name, adapter in KINDS.items())
    + """
\b
Examples:
  engage convert access-log access.log.gz --out events
  engage convert helpdesk helpdesk.csv.gz --out events
Then: engage replay events --out out
"""
)


@click.command(epilog=EPILOG)
@click.argument("kind", type=click.Choice(list(KINDS)), metavar="KIND")
@click.argument("source", type=PathType(), metavar="SOURCE")
@click.option("--out", type=PathType(), required=True, metavar="DIR", help="The folder for the topic files.")
def convert(kind: str, source: Path, out: Path) -> None:
    """Turn a source of another system into events.

    Reads SOURCE in place, plain or gzip, and writes DIR/<topic>.jsonl (a file of that name is replaced). A row that
    cannot be read is named on stderr and left out; the last line counts the rows left out and the events written.
    """
    from agents.adapters.convert import convert_source

    def show(count: int, line: int, expected: str) -> None:
        if count <= SHOWN:
            click.echo(f"{source}:{line}: expected {expected}", err=True)

    with told():
        done = convert_source(kind, source, out, show)
    if done.unreadable > SHOWN:
        click.echo(f"{source}: {done.unreadable - SHOWN:,} more rows that cannot be read", err=True)
    for what, count in sorted(done.unmapped.items()):
        click.echo(f"{count:,} rows have no counterpart: {what}", err=True)
    for topic, count in done.events.items():
        click.echo(f"{count:,} events in {out / f'{topic}.jsonl'}")
    click.echo(
        f"{done.unreadable:,} rows unreadable, {done.unmapped.total():,} without counterpart,"
        f" {sum(done.events.values()):,} events written"
    )
