"""Write the events of a foreign source to topic files, and count what became of its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self

from agents.adapters import Problem, Record, read


class Converted(NamedTuple):
    """How many events went to each topic, how many rows have no counterpart (by what they are) or are unreadable."""

    events: Counter[str]
    unmapped: Counter[str]
    unreadable: int


def convert_source(kind: str, source: Path, out: Path, on_problem: Callable[[int, int, str], None]) -> Converted:
    """Write ``<topic>.jsonl`` files to ``out``, made if missing; only the topics that the source has.

    ``on_problem`` is told of each unreadable row: how many there were with it, its line, what was expected. A source
    that turns out to be damaged leaves ``out`` as it was.

    Raises:
        SourceError: the source cannot be read.
        OSError: ``out`` cannot be written.
    """
    events: Counter[str] = Counter()
    unmapped: Counter[str] = Counter()
    unreadable = 0
    with _TopicFiles(out) as files:
        for row in read(kind, source):
            if isinstance(row, Record):
                files[row.topic].write(row.value + b"\n")
                events[row.topic] += 1
            elif isinstance(row, Problem):
                unreadable += 1
                on_problem(unreadable, row.line, row.expected)
            else:
                unmapped[row.what] += 1
    return Converted(events, unmapped, unreadable)


class _TopicFiles(dict[str, BinaryIO]):
    """A file for each topic asked for, which takes its name when all are complete and vanishes otherwise."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def __missing__(self, topic: str) -> BinaryIO:
        self._folder.mkdir(parents=True, exist_ok=True)
        self[topic] = file = self._unfinished(topic).open("wb")
        return file

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        for topic, file in self.items():
            file.close()
            if kind is None:
                self._unfinished(topic).replace(self._folder / f"{topic}.jsonl")
            else:
                self._unfinished(topic).unlink(missing_ok=True)

    def _unfinished(self, topic: str) -> Path:
        return self._folder / f".{topic}.jsonl.part"
