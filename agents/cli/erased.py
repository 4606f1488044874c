"""``engage erased``: what is left of a customer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from agents.cli.options import PathType
from agents.cli.problems import INPUT, told
from agents.cli.settings import connection_options, settings_of

if TYPE_CHECKING:
    from agents.erasure.place import Place

EPILOG = """\b
Examples:
  engage erased c-17 --bootstrap localhost:9092
  engage erased c-17 --redis redis://localhost:6379 --worker http://localhost:8080
  engage erased c-17 --json > proof.json
\b
Exit codes: 0 nothing of the engine's own state is left, 1 something is, 70 a server does not answer.
"""
_WORDS: Final = {"nothing": "nothing", "left": "LEFT", "kept": "kept", "not_looked": "not looked"}


@click.command(epilog=EPILOG)
@click.argument("customer")
@connection_options
@click.option("--application-id", metavar="ID", help="Of the workers. Environment: ENGAGE_APPLICATION_ID.")
@click.option("--redis", "redis_url", metavar="URL", help="Where the view is. Environment: ENGAGE_REDIS_URL.")
@click.option("--worker", "workers", metavar="URL", multiple=True, help="A running worker; can be given several times.")
@click.option("--data-dir", type=PathType(), metavar="DIR", help="Of a worker with RocksDB on this machine.")
@click.option("--topics/--no-topics", default=True, help="Also read inputs, outputs and dead letters.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
def erased(
    customer: str,
    bootstrap_servers: str | None,
    more: dict[str, str],
    application_id: str | None,
    redis_url: str | None,
    workers: tuple[str, ...],
    data_dir: Path | None,
    topics: bool,
    as_json: bool,
) -> int:
    """Say, place by place, what is left of CUSTOMER and until when.

    It reads the changelog as it lies on the broker, old records included, the figures, the view in Redis, local
    stores, workers, and the topics that keep events for some time. It changes nothing. To erase a customer, send an
    event of type erased to the topic profiles.
    """
    import orjson

    from agents.erasure.place import erased as nothing_left
    from agents.erasure.proof import places

    settings = settings_of(
        more, bootstrap_servers=bootstrap_servers, application_id=application_id, redis_url=redis_url, data_dir=data_dir
    )
    found = []
    with told():
        for place in places(settings, customer, workers, topics=topics):
            found.append(place)
            if not as_json:
                until = f"; until {place.until}" if place.until else ""
                click.echo(f"{_WORDS[place.verdict]:10}  {place.name}: {place.what}{until}")
    clean = nothing_left(found)
    if as_json:
        shown = {"customer_id": customer, "erased": clean, "places": found}
        click.echo(orjson.dumps(shown, default=_plain, option=orjson.OPT_INDENT_2))
    else:
        click.echo(_summary(found, clean=clean))
    return 0 if clean else INPUT


def _summary(found: list[Place], *, clean: bool) -> str:
    if not clean:
        return f"{sum(place.verdict == 'left' for place in found)} places still hold state of this customer"
    unseen = ", ".join(place.name for place in found if place.verdict == "not_looked")
    where = f" where it was looked; not looked: {unseen}" if unseen else ""
    return f"nothing of the engine's own state is left{where}"


def _plain(value: object) -> object:
    import msgspec

    return msgspec.to_builtins(value)
