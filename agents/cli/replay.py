"""``engage replay``: files in, files out."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from agents.cli.options import PathType, policy_option, until_option
from agents.cli.problems import told
from schemas.times import Instant

EPILOG = """\b
Examples:
  engage replay events --out out
  engage replay events/email.jsonl events/clickstream.jsonl.gz --out out
  engage replay events --policy policy.yaml --until 2026-11-21T00:00:00Z --out out
\b
Then look at out/customers.jsonl and out/triggers.jsonl, or ask
  engage explain CUSTOMER --out out
"""


@click.command(epilog=EPILOG)
@click.argument("paths", type=PathType(), nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--out", type=PathType(), required=True, metavar="DIR", help="The folder for the results; made if missing."
)
@policy_option
@until_option
def replay(paths: tuple[Path, ...], out: Path, policy_file: Path | None, until: Instant | None) -> None:
    """Run the engine over files, with no broker.

    Each PATH is a folder of <topic>.jsonl (or .jsonl.gz) or one such file. Events are merged by occurred_at. Writes
    score-changes.jsonl, triggers.jsonl, dead-letters.jsonl, customers.jsonl and kpis.json. The same input gives the
    same bytes. The last line printed is one JSON object with the totals.
    """
    from agents.replay.reading import find_sources
    from agents.replay.report import empty_folders, print_summary, watched
    from agents.replay.run import replay as run
    from schemas.policy import load

    with told():
        policy = load(policy_file)
        sources = find_sources(paths)
        for line in empty_folders(paths, sources):
            click.echo(line, err=True)
        with watched(sys.stderr) as watch:
            summary = run(sources, out, policy, until, watch)
    print_summary(summary, out, sys.stdout)
