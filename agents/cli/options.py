"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from schemas.times import Instant, parse_instant


class InstantType(click.ParamType):
    """An RFC 3339 time with an offset, or a day (its first instant, UTC)."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Instant:
        """The instant in milliseconds."""
        if isinstance(value, Instant):
            return value
        try:
            return parse_instant(value if "T" in value.upper() else f"{value}T00:00:00Z")
        except ValueError as error:
            self.fail(f"{value!r}: {error}", param, ctx)


class PathType(click.Path):
    """A path that is opened later: a missing one is a problem of the input, not of usage."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)


policy_option = click.option(
    "--policy", "policy_file", type=PathType(), metavar="FILE", envvar="ENGAGE_POLICY_FILE",
    help="A policy file, merged over the defaults.",
)  # fmt: skip
until_option = click.option(
    "--until", type=InstantType(), metavar="TIME",
    help="Where the replay ends: later events are dropped, timers due by then run. Default: the last event.",
)  # fmt: skip
events_option = click.option(
    "--events", type=PathType(), multiple=True, metavar="PATH",
    help="A folder of <topic>.jsonl or .jsonl.gz, or one such file. Can be given several times.",
)  # fmt: skip
