"""``engage schema``: the JSON Schemas of all topics."""

from __future__ import annotations

from pathlib import Path

import click

from agents.cli.options import PathType
from agents.cli.problems import Problem, told

EPILOG = """\b
Examples:
  engage schema                    the topics there are
  engage schema email              the JSON Schema of one topic
  engage schema --out schemas      all of them, and the AsyncAPI document, as files
"""


@click.command(epilog=EPILOG)
@click.argument("topic", required=False)
@click.option("--out", type=PathType(), metavar="DIR", help="Write every document into this folder.")
def schema(topic: str | None, out: Path | None) -> None:
    """Print the JSON Schema of TOPIC, or write those of all topics and the AsyncAPI document.

    They are generated from the code that validates.
    """
    if topic and out:
        raise click.UsageError("give either TOPIC or --out DIR")
    from schemas.generate import documents

    found = documents()
    if out is not None:
        with told():
            for name, text in found.items():
                path = out / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        click.echo(f"{len(found)} documents written to {out}")
    elif topic is None:
        for name in sorted(found):
            click.echo(name)
    else:
        matches = [key for key in found if key == topic or key.split("/")[-1].removesuffix(".schema.json") == topic]
        if not matches:
            message = f"no schema of {topic!r}; there are {', '.join(sorted(found))}"
            raise Problem(message)
        click.echo(found[matches[0]], nl=False)
