"""Errors of the command line: one line on stderr and an exit code that says what kind it is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import IO, Any

import click

INPUT, USAGE, INFRASTRUCTURE = 1, 2, 70


class Problem(click.ClickException):
    """Something in the input, the policy or a file is wrong.

    Operator action: do what the line says; nothing was changed.
    """

    exit_code = INPUT

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the one line."""
        line = " ".join(self.format_message().split())
        click.echo(f"engage: {line}", file=file, err=file is None)


class InfrastructureProblem(Problem):
    """A broker, Redis or a worker cannot be reached or does not answer.

    Operator action: start or mend what the line names; the same command can be run again as it is.
    """

    exit_code = INFRASTRUCTURE


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Turn the errors that an operator can mend into one line.

    Imports nothing heavy: what is expected is a ``ValueError`` (a policy, a path, a setting) or an ``OSError``.
    """
    try:
        yield
    except ValueError as error:
        raise Problem(str(error)) from error
    except ConnectionError as error:
        raise InfrastructureProblem(str(error)) from error
    except OSError as error:
        message = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error)
        raise Problem(message) from error
