"""What a person sees of a replay: a bar while it runs, a table when it is done."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

import msgspec
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table

from agents.replay.reading import Progress, Source
from agents.replay.run import Summary
from agents.replay.writing import FILES
from schemas.times import format_instant


def empty_folders(paths: Sequence[Path], sources: Sequence[Source]) -> list[str]:
    """A line of warning for each folder without a single file named after a topic."""
    used = {source.path.parent for source in sources}
    return [f"engage: no <topic>.jsonl or .jsonl.gz in {path}" for path in paths if path.is_dir() and path not in used]


@contextlib.contextmanager
def watched(stream: TextIO) -> Iterator[Callable[[Progress], None] | None]:
    """A progress bar on a terminal, as a function to call with how far the reading is; None elsewhere."""
    if not stream.isatty():
        yield None
        return
    columns = (TextColumn("replay"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(file=stream), transient=True) as bar:
        task = bar.add_task("replay", total=None)
        yield lambda progress: bar.update(task, total=progress.total, completed=progress.read)


def print_summary(summary: Summary, out: Path, stream: TextIO) -> None:
    """The totals for a person, then, as the last line, as one JSON object."""
    totals = summary.totals
    console = Console(file=stream, highlight=False, soft_wrap=True)
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column(style="dim")
    table.add_row("events", f"{totals.events:,}", "")
    table.add_row("  applied", f"{totals.applied:,}", "")
    table.add_row("  duplicates", f"{totals.duplicates:,}", "")
    table.add_row("  dropped", f"{totals.dropped:,}", "")
    table.add_row("  dead letters", f"{totals.dead_letters:,}", _named(summary.dead_letters))
    table.add_row("customers", f"{totals.customers:,}", _named(summary.levels))
    table.add_row("score changes", f"{totals.score_changes:,}", "")
    table.add_row("triggers", f"{totals.triggers:,}", "")
    for name, count in summary.triggers.most_common():
        table.add_row(f"  {name}", f"{count:,}", "")
    console.print(table)
    for line in summary.first_bad:
        console.print(f"dead letter: {line}", markup=False)
    if summary.end is not None:
        console.print(f"until {format_instant(summary.end)}")
    console.print(f"written to {out}: {', '.join(FILES)}", markup=False)
    stream.write(msgspec.json.encode(totals).decode() + "\n")


def _named(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.most_common())
