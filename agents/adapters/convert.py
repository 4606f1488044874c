"""Write the events of a foreign source to topic files, and count what became of its rows."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple

from agents.adapters import Problem, Record, read


class Converted(NamedTuple):
    """How many events went to each topic, how many rows have no counterpart (by what they are) or are unreadable."""

    events: Counter[str]
    unmapped: Counter[str]
    unreadable: int


def convert_source(kind: str, source: Path, out: Path, on_problem: Callable[[int, int, str], None]) -> Converted:
    """Write ``<topic>.jsonl`` files to ``out``, made if missing; only the topics that the source has.

    ``on_problem`` is told of each unreadable row: how many there were with it, its line, what was expected.

    Raises:
        SourceError: the source cannot be read.
        OSError: ``out`` cannot be written.
    """
    events: Counter[str] = Counter()
    unmapped: Counter[str] = Counter()
    unreadable = 0
    with contextlib.ExitStack() as stack:
        files: dict[str, BinaryIO] = {}
        for row in read(kind, source):
            if isinstance(row, Record):
                if row.topic not in files:
                    out.mkdir(parents=True, exist_ok=True)
                    files[row.topic] = stack.enter_context((out / f"{row.topic}.jsonl").open("wb"))
                files[row.topic].write(row.value + b"\n")
                events[row.topic] += 1
            elif isinstance(row, Problem):
                unreadable += 1
                on_problem(unreadable, row.line, row.expected)
            else:
                unmapped[row.what] += 1
    return Converted(events, unmapped, unreadable)
