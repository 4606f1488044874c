"""``engage explain``: a customer's standing in words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from agents.cli.options import PathType, events_option, policy_option, until_option
from agents.cli.problems import told
from schemas.times import Instant

if TYPE_CHECKING:
    from agents.replay.customer import Standing
    from schemas.policy import Policy

EPILOG = """\b
Examples:
  engage explain c-17 --events events
  engage explain c-17 --events events --until 2026-11-21T00:00:00Z --policy policy.yaml
  engage explain c-17 --out out                        from what a replay wrote
  engage explain c-17 --url http://localhost:8080      from a running worker
  engage explain c-17 --redis redis://localhost:6379   from the view in Redis
"""


@click.command(epilog=EPILOG)
@click.argument("customer")
@events_option
@click.option("--out", type=PathType(), metavar="DIR", help="The --out folder of a replay.")
@click.option("--url", metavar="URL", help="A running worker; the token that it may want is ENGAGE_HTTP_TOKEN.")
@click.option("--redis", metavar="URL", help="The Redis that workers keep a view in.")
@policy_option
@until_option
def explain(
    customer: str,
    events: tuple[Path, ...],
    out: Path | None,
    url: str | None,
    redis: str | None,
    policy_file: Path | None,
    until: Instant | None,
) -> None:
    """Say in words why CUSTOMER stands where it stands.

    Score line by line, the level and when it will fall, the stage, whether the customer may be written to and why not,
    tickets, value, and the recent triggers with their evidence.
    """
    if sum(map(bool, (events, out, url, redis))) != 1:
        raise click.UsageError("give one of --events PATH, --out DIR, --url URL and --redis URL")
    from schemas.policy import load
    from schemas.times import format_instant
    from streams.explain import explain as explained

    with told():
        policy = load(policy_file)
        if url is not None:
            found = _from_worker(customer, url)
        elif redis is not None:
            found = _from_view(customer, redis)
        else:
            found = _from_files(customer, events, out, policy, until)
    click.echo(f"{customer} at {format_instant(found.now)}")
    for section in explained(found.line, policy, found.now, found.triggers, found.events):
        click.echo("\n" + click.style(section.title, bold=True))
        for line in section.lines:
            click.echo(f"  {line}")


def _from_worker(customer: str, url: str) -> Standing:
    from agents.cli.settings import settings_of
    from agents.remote import from_worker

    token = settings_of({}).http_token
    return from_worker(customer, url, token.get_secret_value() if token else None)


def _from_view(customer: str, url: str) -> Standing:
    from agents.cli.settings import settings_of
    from agents.view.keys import Address, address_of
    from agents.view.reading import from_view

    settings = settings_of({}, redis_url=url)
    return from_view(customer, address_of(settings) or Address(url), settings.view_keys)


def _from_files(
    customer: str, events: tuple[Path, ...], out: Path | None, policy: Policy, until: Instant | None
) -> Standing:
    from agents.replay.customer import from_events, from_output
    from agents.replay.reading import find_sources

    return from_output(customer, out, until) if out else from_events(customer, find_sources(events), policy, until)
