"""``engage view``: the view of customers in Redis."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from agents.cli.options import policy_option
from agents.cli.problems import InfrastructureProblem, Problem, told
from agents.cli.settings import connection_options, set_option, settings_of

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from agents.settings import Settings
    from agents.view.keys import Address

EPILOG = """\b
Examples:
  engage view show c-17 --redis redis://localhost:6379
  engage view check --bootstrap localhost:9092 --redis redis://localhost:6379
  engage view rebuild --bootstrap localhost:9092 --redis redis://localhost:6379
\b
Other services read it with two commands:
  redis-cli GET engage:customer:c-17                      score, level, contact allowance, value ... as JSON
  redis-cli ZRANGE engage:triggers:c-17 0 9 REV           the latest ten triggers
"""

redis_option = click.option(
    "--redis", "redis_url", metavar="URL", help="Where the view is. Environment: ENGAGE_REDIS_URL."
)


@click.group(epilog=EPILOG)
def view() -> None:
    """Show, check and rebuild the view that other services read in Redis.

    A worker started with --redis keeps it up to date. It is never the truth: it can be rebuilt at any time.
    """


@view.command()
@click.argument("customer")
@redis_option
@set_option
def show(customer: str, redis_url: str | None, more: dict[str, str]) -> None:
    """Print what the view holds of CUSTOMER, with the score as it is now."""
    import time

    import orjson

    from agents.view.reading import read
    from agents.view.record import score_then

    settings, address = _settings(more, redis_url)
    with told():
        found = read(customer, address, settings.view_keys)
    if found is None:
        message = f"no customer {customer!r} in the view"
        raise Problem(message)
    record, triggers = found
    shown = {"score_now": score_then(record, int(time.time() * 1000)), **record, "triggers": triggers}
    click.echo(orjson.dumps(shown, option=orjson.OPT_INDENT_2))


@view.command()
@connection_options
@redis_option
@policy_option
@click.option("--wait", type=int, default=600, show_default=True, metavar="SECONDS", help="For workers to write.")
def rebuild(
    bootstrap_servers: str | None, more: dict[str, str], redis_url: str | None, policy_file: Path | None, wait: int
) -> None:
    """Write the whole view again, out of the changelog, and remove customers that are gone.

    It needs no worker. Partitions that a worker keeps are written by that worker, which is asked and waited for.
    """
    settings, address = _settings(more, redis_url, bootstrap_servers=bootstrap_servers, policy_file=policy_file)

    async def run() -> None:
        from agents.view.rebuild import rebuild as rebuilt
        from schemas.policy import load

        async for lane in rebuilt(settings, load(settings.policy_file), address, wait):
            what = "written by its worker" if lane.by_worker else f"{lane.customers} customers written"
            click.echo(f"partition {lane.partition}: {what}")

    _run(run())


@view.command()
@connection_options
@redis_option
@policy_option
def check(bootstrap_servers: str | None, more: dict[str, str], redis_url: str | None, policy_file: Path | None) -> None:
    """Compare the view with the changelog; exit code 1 when they differ.

    While workers run, what changes during the comparison may be named too.
    """
    settings, address = _settings(more, redis_url, bootstrap_servers=bootstrap_servers, policy_file=policy_file)
    wrong = 0

    async def run() -> None:
        nonlocal wrong
        from agents.view.rebuild import check as compare
        from schemas.policy import load

        async for lane in compare(settings, load(settings.policy_file), address):
            click.echo(
                f"partition {lane.partition}: {lane.customers} customers, {lane.missing} missing, "
                f"{lane.other} not as they are, {lane.left_over} left over"
            )
            wrong += lane.missing + lane.other + lane.left_over

    _run(run())
    if wrong:
        message = f"{wrong} customers of the view are not as the engine has them: engage view rebuild"
        raise Problem(message)
    click.echo("the view is as it should be")


def _settings(more: dict[str, str], redis_url: str | None, **options: Any) -> tuple[Settings, Address]:
    from agents.view.keys import address_of

    settings = settings_of(more, redis_url=redis_url, **options)
    with told():
        address = address_of(settings)
    if address is None:
        raise click.UsageError("where is the view? --redis URL, or ENGAGE_REDIS_URL")
    return settings, address


def _run(work: Coroutine[Any, Any, None]) -> None:
    from confluent_kafka import KafkaException
    from redis import RedisError

    from agents.changelog import ChangelogStalledError
    from agents.view.rebuild import ViewError
    from agents.view.refusal import refusal

    with told():
        try:
            asyncio.run(work)
        except RedisError as error:
            message = f"Redis: {refusal(error)}"
            raise InfrastructureProblem(message) from error
        except (KafkaException, ChangelogStalledError, ViewError) as error:
            raise InfrastructureProblem(str(error)) from error
