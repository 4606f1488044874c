"""``engage worker``: one worker of the engine."""

from __future__ import annotations

from pathlib import Path

import click

from agents.cli.options import PathType, policy_option
from agents.cli.problems import told
from agents.cli.settings import connection_options, settings_of

EPILOG = """\b
Examples:
  engage worker --bootstrap localhost:9092
  engage worker --bootstrap localhost:9092 --policy policy.yaml --redis redis://localhost:6379
  engage worker --clock event                       for a backfill: time is that of the events
  ENGAGE_BOOTSTRAP_SERVERS=localhost:9092 ENGAGE_HTTP_PORT=8081 engage worker
\b
Start it again in another terminal (with another --http-port) to share the work.
Every setting is an environment variable ENGAGE_<NAME>; --set NAME=VALUE gives any of them.
"""


@click.command(epilog=EPILOG)
@connection_options
@policy_option
@click.option("--clock", type=click.Choice(["wall", "event"]), help="event: time is that of the events, for backfills.")
@click.option("--guarantee", type=click.Choice(["exactly_once", "at_least_once"]), help="What subscribers can rely on.")
@click.option("--application-id", metavar="ID", help="Group of workers that share the work and the state.")
@click.option("--store", type=click.Choice(["memory", "rocksdb"]), help="Where state is kept.")
@click.option("--data-dir", type=PathType(), metavar="DIR", help="For the store rocksdb.")
@click.option("--redis", "redis_url", metavar="URL", help="Keep a view of every customer there.")
@click.option("--http-host", metavar="HOST", help="Address for health, metrics and customers.")
@click.option("--http-port", type=int, metavar="PORT", help="Port for health, metrics and customers.")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="How much is logged.")
def worker(
    bootstrap_servers: str | None, more: dict[str, str], policy_file: Path | None, **options: str | int | Path | None
) -> int:
    """Run one worker until it is stopped (Ctrl-C or SIGTERM).

    It reads the six input topics, keeps every customer's state, and writes score changes, triggers and dead letters.
    Start more workers to scale: they share the partitions.
    """
    settings = settings_of(more, bootstrap_servers=bootstrap_servers, policy_file=policy_file, **options)
    with told():
        from agents.worker import run

        code: int = run(settings)
    return code
