"""``python -m tests.soak``: accelerated months, in a table; exit status 1 when something grows or is not exact."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Final

import click

from agents.local import kafka, redis
from tests.soak.run import Shape, run
from tests.soak.verdict import MIB, Sample, growths

_ROW: Final = "{:>6} {:>5} {:>9} {:>8} {:>7} {:>9} {:>8} {:>11} {:>10} {:>9} {:>8} {:>9} {:>7}"
_HEAD: Final = ("sec", "day", "applied", "RSS MiB", "live", "state KiB", "timers", "changelog K", "customer K",
                "records", "rows", "Redis KiB", "keys")  # fmt: skip


def row(seen: Sample) -> str:
    """One line of the table."""
    return _ROW.format(
        f"{seen.seconds:.0f}", seen.day, seen.records, f"{seen.rss / MIB:.1f}", seen.live, seen.state // 1024,
        seen.timers, seen.changelog // 1024, seen.customer_bytes // 1024, seen.customer_records, seen.rows,
        seen.redis // 1024, seen.redis_keys,
    )  # fmt: skip


@click.command()
@click.option("--minutes", default=30.0, show_default=True, help="How long records are sent.")
@click.option("--rate", default=250.0, show_default=True, help="Records a second.")
@click.option("--records", type=int, help="Send so many before the worker starts: all is compared, growth is not.")
@click.option("--days", default=400, show_default=True, help="Simulated days that pass meanwhile.")
@click.option("--every", default=15.0, show_default=True, help="Seconds between samples.")
@click.option("--store", type=click.Choice(["memory", "rocksdb"]), default="memory", show_default=True)
@click.option("--view/--no-view", default=True, show_default=True, help="Keep the view in Redis.")
@click.option("--tolerance", default=0.1, show_default=True, help="Growth over the second half that counts as flat.")
@click.option("--seed", default=1, show_default=True)
def main(
    minutes: float,
    rate: float,
    records: int | None,
    days: int,
    every: float,
    store: str,
    view: bool,
    tolerance: float,
    seed: int,
) -> None:
    """Let customers come and go for more than a year in minutes, and see that nothing grows but what must."""
    for lack in (kafka.missing(), redis.missing() if view else None):
        if lack:
            raise click.ClickException(lack)
    folder = Path(tempfile.mkdtemp(prefix="engage-soak-"))
    pace = 0.0 if records else rate
    click.echo(_ROW.format(*_HEAD))
    try:
        shape = Shape(seed, records or int(minutes * 60 * rate), pace, days, every, store, view)
        soaked = run(shape, folder, lambda seen: click.echo(row(seen)))
        judged = growths(soaked.samples, tolerance) if pace else []
    except (TimeoutError, AssertionError, ValueError) as failure:
        message = f"{failure} (see {folder})"
        raise click.ClickException(message) from failure
    for one in judged:
        word = "not judged" if one.tolerance is None else "flat" if one.flat else "GROWS"
        click.echo(f"{one.name:56} mean {one.mean:>12,.2f}  second half {one.growth:+7.1%}  {word}")
    differences = soaked.findings.counts.total()
    grown = [one.name for one in judged if not one.flat]
    growing = "; ".join(grown) or "nothing that is judged"
    click.echo(
        f"{soaked.records:,} records, {days} days in {soaked.seconds / 60:.1f} minutes; the {soaked.customers:,} "
        f"customers left differ from a replay in {differences} places; {growing} grows"
    )
    if differences or grown:
        (folder / "differences.txt").write_text(soaked.findings.text())
        message = f"not flat or not exact: see {folder}"
        raise click.ClickException(message)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
