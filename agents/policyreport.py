"""The comparison of two policies as a short table, and in detail."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePath
from typing import TextIO

from rich.console import Console
from rich.table import Table

from agents.policytools import PolicyDiff
from streams.state import LEVELS
from streams.wording import count


def print_diff(diff: PolicyDiff, before: str, after: str, details: bool, stream: TextIO) -> None:
    """Totals under each policy, firings that appear and disappear; with ``details`` every one of them."""
    console = Console(file=stream, highlight=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    table.add_column(count(diff.customers, "customer"), no_wrap=True)
    for title in (before, after, "change"):
        table.add_column(PurePath(title).name, justify="right")
    for level in LEVELS:
        _row(table, f"level {level}", diff.before.levels[level], diff.after.levels[level])
    _row(table, "may be written to at the end", diff.before.contactable, diff.after.contactable)
    _row(table, "messages sent though not allowed", diff.before.refused, diff.after.refused)
    _row(table, "score changes", diff.before.score_changes, diff.after.score_changes)
    _row(table, "triggers", diff.before.triggers, diff.after.triggers)
    console.print(table)
    console.print(f"ending in another level: {count(len(diff.moves), 'customer')}")
    for title, firings in (("appear", diff.appear), ("disappear", diff.disappear)):
        counts = Counter(firing.trigger for firing in firings)
        named = ", ".join(f"{name} {number:,}" for name, number in counts.most_common())
        console.print(f"firings that {title}: {len(firings):,}{f' ({named})' if named else ''}")
    if details:
        for mark, items in (("~", diff.moves), ("+", diff.appear), ("-", diff.disappear)):
            for item in items:
                stream.write(f"{mark} {item}\n")


def _row(table: Table, title: str, before: int, after: int) -> None:
    table.add_row(title, f"{before:,}", f"{after:,}", f"{after - before:+,}" if after != before else "")
