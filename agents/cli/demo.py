"""``engage demo``: see it run."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import click

from agents.cli.options import PathType, policy_option
from agents.cli.problems import InfrastructureProblem, told

EPILOG = """\b
Examples:
  engage demo
  engage demo --keep              then connect any Kafka client to the address it prints
  engage demo --seconds 10 --policy policy.yaml
"""


@click.command(epilog=EPILOG)
@click.option("--keep", is_flag=True, help="Leave broker and worker running at the end, until Ctrl-C.")
@click.option(
    "--seconds", type=click.FloatRange(0, 3600), default=40.0, show_default=True, help="How long the feed takes."
)
@click.option("--data", type=PathType(), metavar="DIR", help="A folder with the real logs, when you have it.")
@policy_option
def demo(keep: bool, seconds: float, data: Path | None, policy_file: Path | None) -> None:
    """Start a broker and a worker, stream real events in and show what comes out.

    Nothing has to be installed: the broker lives inside this process and forgets all at the end. Takes about a minute.
    """
    from agents.demo.run import Options
    from agents.demo.run import demo as run
    from agents.embedded import EmbeddedBrokerError
    from agents.local.process import ServerError

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    with told():
        try:
            run(Options(seconds=seconds, keep=keep, data=data, policy_file=policy_file), sys.stdout)
        except (ServerError, EmbeddedBrokerError) as error:
            raise InfrastructureProblem(str(error)) from error
