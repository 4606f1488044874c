"""Options that are settings of a worker or of a tool: an option wins over its ENGAGE_ environment variable."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from agents.cli.problems import Problem

if TYPE_CHECKING:
    from agents.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])


def _pairs(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for value in values:
        name, sign, text = value.partition("=")
        if not sign:
            message = f"{value!r}: expected NAME=VALUE"
            raise click.BadParameter(message)
        found[name.strip().lower().removeprefix("engage_")] = text
    return found


def set_option(command: F) -> F:
    """``--set``, for every setting that has no option of its own."""
    return click.option(
        "--set", "more", multiple=True, callback=_pairs, metavar="NAME=VALUE",
        help="Any other setting, such as --set security_protocol=SASL_SSL; the same as ENGAGE_NAME=VALUE.",
    )(command)  # fmt: skip


def connection_options(command: F) -> F:
    """``--bootstrap`` and ``--set``, which every command that talks to Kafka takes."""
    bootstrap = click.option(
        "--bootstrap", "--bootstrap-servers", "bootstrap_servers", metavar="HOST:PORT",
        help="The broker. Environment: ENGAGE_BOOTSTRAP_SERVERS.",
    )  # fmt: skip
    return bootstrap(set_option(command))


def settings_of(more: dict[str, str], **options: Any) -> Settings:
    """The settings from options, the environment and the defaults.

    Raises:
        Problem: a setting is unknown or its value is not possible.
    """
    from pydantic import ValidationError

    from agents.settings import Settings, load_settings

    unknown = [name for name in more if name not in Settings.model_fields]
    if unknown:
        message = f"no setting {unknown[0]!r}; there are {', '.join(Settings.model_fields)}"
        raise Problem(message)
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return load_settings(**more, **given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        message = f"setting {name}: {first['msg']} (option, or environment ENGAGE_{name.upper()})"
        raise Problem(message) from error
