"""``python -m tests.chaos``: seeded runs with faults, in a table; exit status 1 when one of them is not exact."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Final

import click

from agents.local import kafka
from tests.chaos.faults import LASTS
from tests.chaos.mutants import MUTANTS
from tests.chaos.run import Verdict, run, shape
from tests.chaos.workers import HUNG

_ROW: Final = "{:>5} {:8} {:7} {:>9} {:>6} {:>5} {:>7} {:>9} {:>8} {:12} {:7} {}"
_HEAD: Final = ("seed", "input", "store", "records", "sec", "lost", "doubled", "different", "repeated", "exits",
                "verdict", "faults")  # fmt: skip


def row(verdict: Verdict) -> str:
    """One line of the table."""
    kind = "live" if verdict.shape.live else "dirty" if verdict.shape.dirty else "backlog"
    counts = (verdict.counts[name] for name in ("lost", "doubled", "different", "repeated"))
    exits = " ".join(f"{code}x{count}" for code, count in sorted(verdict.exits.items()))
    word, seconds = "exact" if verdict.good else "FAILED", f"{verdict.seconds:.0f}"
    faults = ", ".join(map(str, verdict.faults))
    what = verdict.shape
    return _ROW.format(what.seed, kind, what.store, f"{verdict.records:,}", seconds, *counts, exits, word, faults)


@click.command()
@click.option("--runs", default=5, show_default=True, help="How many, one for each seed.")
@click.option("--seed", default=1, show_default=True, help="The first seed; the others follow it.")
@click.option("--events", default=20_000, show_default=True, help="Events of a run.")
@click.option("--workers", default=2, show_default=True, help="Worker processes; a fault may add one more.")
@click.option("--mode", type=click.Choice(["backlog", "live", "both"]), default="both", show_default=True)
@click.option("--mutant", type=click.Choice(sorted(MUTANTS)), help="An engine with this defect: some run must fail.")
@click.option("--faults", "kinds", metavar="KIND,...", help=f"Draw from these only: {', '.join(LASTS)}.")
@click.option("--evidence", type=click.Path(path_type=Path), help="Folder for what failed runs leave behind.")
def main(
    runs: int,
    seed: int,
    events: int,
    workers: int,
    mode: str,
    mutant: str | None,
    kinds: str | None,
    evidence: Path | None,
) -> None:
    """Kill, pause, cut and restart everything while workers work, and compare with a replay of the same input."""
    lack = kafka.missing()
    if lack:
        raise click.ClickException(lack)
    kept = evidence or Path(tempfile.mkdtemp(prefix="engage-chaos-"))
    click.echo(_ROW.format(*_HEAD))
    verdicts: list[Verdict] = []
    for number in range(seed, seed + runs):
        folder = kept / f"seed-{number}"
        shutil.rmtree(folder, ignore_errors=True)
        what = shape(number, events, workers, mode, mutant)
        verdict = run(what._replace(kinds=tuple(kinds.split(","))) if kinds else what, folder)
        verdicts.append(verdict)
        click.echo(row(verdict))
        if not verdict.good:
            click.echo(f"      {verdict.problem or 'differences'}: see {folder}")
        elif verdict.exits[HUNG]:
            click.echo(f"      exact, but a worker did not stop when it was asked to: see {folder}")
        else:
            shutil.rmtree(folder)
    total: Counter[str] = sum((verdict.counts for verdict in verdicts), Counter())
    bad = sum(not verdict.good for verdict in verdicts)
    click.echo(
        f"{runs} runs, {sum(verdict.records for verdict in verdicts):,} records, "
        f"{sum(len(verdict.faults) for verdict in verdicts)} faults: lost {total['lost']}, doubled {total['doubled']}, "
        f"different {total['different']}, ids repeated {total['repeated']}; {bad} runs failed"
    )
    if mutant and not bad:
        raise click.ClickException(f"the mutant {mutant} was not noticed")
    if bad and not mutant:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
