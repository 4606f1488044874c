"""Options that are settings of a worker or of a tool: an option wins over its ENGAGE_ environment variable."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from agents.cli.problems import Problem

if TYPE_CHECKING:
    from agents.settings import Settings

_HIDE = (
    "{name} is a secret, and a command line is seen by every user of the machine: give it as ENGAGE_{variable}, "
    "or as the file engage_{name} in the folder that ENGAGE_SECRETS_DIR names"
)
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
        Problem: a setting is unknown, its value is not possible, or a secret stands on the command line.
    """
    from pydantic import ValidationError

    from agents.settings import Settings, load_settings, secrets

    unknown = [name for name in more if name not in Settings.model_fields]
    if unknown:
        message = f"no setting {unknown[0]!r}; there are {', '.join(Settings.model_fields)}"
        raise Problem(message)
    given = {name: value for name, value in (more | options).items() if value is not None}
    shown = [name for name in secrets() & given.keys() if name != "redis_url" or _has_password(given[name])]
    if shown:
        raise Problem(_HIDE.format(name=shown[0], variable=shown[0].upper()))
    try:
        return load_settings(**given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(map(str, first["loc"]))
        reason = first["msg"].removeprefix("Value error, ")
        message = f"setting {name}: {reason} (option, or environment ENGAGE_{name.upper()})" if name else reason
        raise Problem(message) from None
    except ValueError as error:
        raise Problem(str(error)) from error


def _has_password(url: str) -> bool:
    """Whether a URL may hold a password; one that cannot be read may."""
    return "@" in url or "password" in url.lower()
