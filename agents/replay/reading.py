"""Find the files of a replay and read them line by line, plain or gzip."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from schemas.deadletters import DeadLetter
from schemas.decode import claimed_instant, decode
from schemas.events import Event
from schemas.topics import INPUTS

SUFFIXES = (".jsonl", ".jsonl.gz")


class ReplayError(ValueError):
    """A replay that cannot be made: one line says which path and why.

    Operator action: mend the path, the permission or the file named in the message and run the command again.
    """


class Source(NamedTuple):
    """One file of one topic."""

    topic: str
    path: Path


class Record(NamedTuple):
    """One line of a source: ``at`` is its ``occurred_at`` (ms), None when the line has no valid one.

    ``offset`` counts lines from 0, blank ones too; ``value`` is the line without its end.
    """

    at: int | None
    offset: int
    value: bytes
    content: Event | DeadLetter


def find_sources(paths: Sequence[Path]) -> list[Source]:
    """The files behind the paths, in the order that breaks ties: by topic, then by the order of the paths.

    Raises:
        ReplayError: a path is missing, cannot be listed, or is a file not named after a topic.
    """
    found = [source for path in paths for source in _sources_of(path)]
    return sorted(found, key=lambda source: INPUTS.index(source.topic))


def _sources_of(path: Path) -> list[Source]:
    try:
        if path.is_dir():
            names = {entry.name for entry in path.iterdir()}
            wanted = [(topic, topic + suffix) for topic in INPUTS for suffix in SUFFIXES if topic + suffix in names]
            return [Source(topic, path / name) for topic, name in wanted if (path / name).is_file()]
        path.stat()
    except OSError as error:
        message = f"cannot read {path}: {error.strerror or error}"
        raise ReplayError(message) from error
    for topic in INPUTS:
        if path.name in (topic + suffix for suffix in SUFFIXES):
            return [Source(topic, path)]
    message = f"cannot read {path}: expected a file named <topic>.jsonl or .jsonl.gz, topic one of {', '.join(INPUTS)}"
    raise ReplayError(message)


class Progress:
    """How many bytes of the files on disk have been read, for a progress bar."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._open: list[IO[bytes]] = []
        self._closed = 0
        self.total = sum(_size(source.path) for source in sources)

    def opened(self, handle: IO[bytes]) -> None:
        """Count the position of this file from now on."""
        self._open.append(handle)

    def closed(self, handle: IO[bytes]) -> None:
        """Keep what was read of this file."""
        self._open.remove(handle)
        self._closed += handle.tell()

    @property
    def read(self) -> int:
        """Bytes read so far, compressed ones where a file is compressed."""
        return self._closed + sum(handle.tell() for handle in self._open)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def read(source: Source, progress: Progress | None = None) -> Iterator[Record]:
    """Every line of a source that is not blank, decoded.

    Raises:
        ReplayError: the file cannot be opened or breaks off (a truncated gzip file, a failing disk).
    """
    topic = source.topic
    try:
        with source.path.open("rb") as raw:
            if progress:
                progress.opened(raw)
            lines: Iterable[bytes] = gzip.GzipFile(fileobj=raw) if source.path.suffix == ".gz" else raw
            for offset, line in enumerate(lines):
                value = line[:-1] if line.endswith(b"\n") else line
                if value.endswith(b"\r"):
                    value = value[:-1]
                if not value or value.isspace():
                    continue
                content = decode(topic, value)
                if isinstance(content, DeadLetter):
                    yield Record(claimed_instant(value), offset, value, content)
                else:
                    yield Record(content.occurred_at, offset, value, content)
            if progress:
                progress.closed(raw)
    except (OSError, EOFError, zlib.error) as error:
        message = f"cannot read {source.path}: {getattr(error, 'strerror', None) or error}"
        raise ReplayError(message) from error
