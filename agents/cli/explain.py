"""``engage explain``: a customer's standing in words."""

from __future__ import annotations

from pathlib import Path

import click

from agents.cli.options import PathType, events_option, policy_option, until_option
from agents.cli.problems import told
from schemas.times import Instant

EPILOG = """\b
Examples:
  engage explain c-17 --events events
  engage explain c-17 --events events --until 2026-11-21T00:00:00Z --policy policy.yaml
  engage explain c-17 --out out               from what a replay wrote
"""


@click.command(epilog=EPILOG)
@click.argument("customer")
@events_option
@click.option("--out", type=PathType(), metavar="DIR", help="The --out folder of a replay.")
@policy_option
@until_option
def explain(
    customer: str, events: tuple[Path, ...], out: Path | None, policy_file: Path | None, until: Instant | None
) -> None:
    """Say in words why CUSTOMER stands where it stands.

    Score line by line, the level and when it will fall, the stage, whether the customer may be written to and why not,
    tickets, value, and the recent triggers with their evidence.
    """
    if bool(events) == (out is not None):
        raise click.UsageError("give either --events PATH or --out DIR")
    from agents.replay import customer as standing
    from agents.replay.reading import find_sources
    from schemas.policy import load
    from schemas.times import format_instant
    from streams.explain import explain as explained

    with told():
        policy = load(policy_file)
        if out is not None:
            found = standing.from_output(customer, out, until)
        else:
            found = standing.from_events(customer, find_sources(events), policy, until)
    click.echo(f"{customer} at {format_instant(found.now)}")
    for section in explained(found.line, policy, found.now, found.triggers, found.events):
        click.echo("\n" + click.style(section.title, bold=True))
        for line in section.lines:
            click.echo(f"  {line}")
