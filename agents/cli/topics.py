"""``engage topics``: the topics that the engine reads and writes."""

from __future__ import annotations

from typing import Any

import click

from agents.cli.problems import Problem, told
from agents.cli.settings import connection_options, settings_of

EPILOG = """\b
Examples:
  engage topics list
  engage topics create --bootstrap localhost:9092 --partitions 12 --replication 3
  engage topics check --bootstrap localhost:9092
  engage topics repartition --bootstrap localhost:9092 --application-id engage --to engage-2 --partitions 24
"""


@click.group(epilog=EPILOG)
def topics() -> None:
    """List, create and check the topics."""


@topics.command("list")
def catalogue() -> None:
    """What each topic carries; asks no broker."""
    from agents.topicadmin import wanted

    for topic in wanted(settings_of({})):
        kept = f"{topic.retention_ms // 86_400_000}d" if topic.retention_ms else "compacted"
        click.echo(f"{topic.name:28} {kept:10} {topic.description}")


@topics.command()
@connection_options
@click.option("--partitions", type=int, help="Of the topics that are made. Environment: ENGAGE_PARTITIONS.")
@click.option("--replication", type=int, help="Of the topics that are made. Environment: ENGAGE_REPLICATION_FACTOR.")
def create(
    bootstrap_servers: str | None, more: dict[str, str], partitions: int | None, replication: int | None
) -> None:
    """Make the topics that are missing; what exists stays as it is.

    The number of partitions is for good: it is the most workers that can ever share the work.
    """
    settings = settings_of(
        more, bootstrap_servers=bootstrap_servers, partitions=partitions, replication_factor=replication
    )
    with told():
        made = _admin(settings).create()
    for name in made:
        click.echo(f"made {name}")
    click.echo(f"{len(made)} topics made on {settings.bootstrap_servers}")


@topics.command()
@connection_options
def check(bootstrap_servers: str | None, more: dict[str, str]) -> None:
    """Say whether a worker can run on the topics as they are; exit code 1 when not."""
    from agents.compaction import advice, unsafe
    from agents.topicadmin import faults, wanted

    settings = settings_of(more, bootstrap_servers=bootstrap_servers)
    with told():
        found = _admin(settings).found()
    for name, topic in found.items():
        click.echo(f"{name:28} {topic.partitions} partitions, {topic.replication} replicas")
    wrong = [*faults(wanted(settings), found), *unsafe(settings, found)]
    for line in advice(settings, found):
        click.echo(f"unwise: {line}")
    for line in wrong:
        click.echo(f"wrong: {line}")
    if wrong:
        message = f"{len(wrong)} faults in the topics on {settings.bootstrap_servers}"
        raise Problem(message)
    click.echo("all topics are as they should be")


@topics.command()
@connection_options
@click.option("--application-id", metavar="ID", help="Whose state it is. Environment: ENGAGE_APPLICATION_ID.")
@click.option("--to", "to", metavar="ID", required=True, help="The application id that has it from then on.")
@click.option("--partitions", type=int, required=True, help="Of the input topics and of the state, from then on.")
def repartition(
    bootstrap_servers: str | None, more: dict[str, str], application_id: str | None, to: str, partitions: int
) -> None:
    """Give the input topics more partitions and move the state to the lanes where it belongs then.

    Before: stop the producers, let the workers catch up, stop the workers. After: start the workers with
    ENGAGE_APPLICATION_ID set to the new ID, then the producers. Nothing is lost, nothing is counted twice. The old
    state stays as it is. The command can be run again when it was stopped.
    """
    from agents.repartition import repartition as move

    old = settings_of(more, bootstrap_servers=bootstrap_servers, application_id=application_id)
    new = settings_of(more, bootstrap_servers=bootstrap_servers, application_id=to, partitions=partitions)
    with told():
        done = move(old, new)
    click.echo(f"{done.customers:,} customers in {done.partitions} partitions, {done.moved:,} of them in another one")
    click.echo(f"start the workers with ENGAGE_APPLICATION_ID={to}, then the producers")


def _admin(settings: Any) -> Any:
    from agents.topicadmin import TopicAdmin

    return TopicAdmin(settings)
