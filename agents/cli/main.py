"""The ``engage`` command: a group that imports a command only when it is asked for."""

from __future__ import annotations

import importlib
import sys
import traceback
from importlib.metadata import version
from typing import Any

import click

from agents.cli.problems import INFRASTRUCTURE, USAGE

COMMANDS = {
    "demo": "agents.cli.demo",
    "worker": "agents.cli.worker",
    "topics": "agents.cli.topics",
    "dead-letters": "agents.cli.dead_letters",
    "view": "agents.cli.view",
    "erased": "agents.cli.erased",
    "replay": "agents.cli.replay",
    "explain": "agents.cli.explain",
    "policy": "agents.cli.policy",
    "schema": "agents.cli.schema",
    "convert": "agents.cli.convert",
    "simulate": "agents.cli.simulate",
}
"""Command -> the module that holds a click command of that name (- as _), in the order of the help."""

EXAMPLES = """\b
First steps:
  engage demo                                        see it run, nothing to install
  engage simulate --out events                       make events to try things on
  engage replay events --out out                     files in, files out, no broker
  engage explain CUSTOMER --events events            why does this customer have this score?
  engage policy diff old.yaml new.yaml --events events   what would a changed policy do?
\b
With Kafka:
  engage topics create --bootstrap localhost:9092    make the topics
  engage worker --bootstrap localhost:9092           start a worker (start more to scale)
\b
Exit codes: 0 done, 1 something is wrong with the input or the policy, 2 wrong usage,
70 a broker or another server is missing. Errors are one line on stderr.
"""


class Engage(click.Group):
    """Commands by name; errors in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names in the order of ``COMMANDS``."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command, imported now; None when this installation does not have it."""
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        try:
            found: click.Command = getattr(importlib.import_module(module), cmd_name.replace("-", "_"))
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
            return None
        return found

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run, and exit with 0, 1, 2 or 70 by ``sys.exit``; arguments as click's own ``main``."""
        extra |= {"standalone_mode": False, "prog_name": "engage"}
        try:
            code = super().main(*args, **extra)
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.ctx.get_help() if error.ctx else str(error))
            sys.exit(USAGE)
        except click.UsageError as error:
            command = error.ctx.command_path if error.ctx else "engage"
            click.echo(f"{command}: {' '.join(error.format_message().split())} (see {command} --help)", err=True)
            sys.exit(USAGE)
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except (click.Abort, KeyboardInterrupt):
            click.echo("engage: stopped", err=True)
            sys.exit(130)
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(INFRASTRUCTURE)
        except Exception:
            traceback.print_exc()
            click.echo("engage: this is a fault of the engine; please report the lines above", err=True)
            sys.exit(INFRASTRUCTURE)
        sys.exit(code if isinstance(code, int) else 0)


@click.command(cls=Engage, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("engagement-engine"), prog_name="engage")
def main() -> None:
    """Turn what customers do into scores and triggers that explain themselves.

    Events of six kinds (clicks, e-mail, support tickets, purchases, surveys, profiles) go in. What comes out: an
    engagement score and level per customer, triggers that other systems act on, and figures across customers.
    """
