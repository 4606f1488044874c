"""Write the files of a replay: each is complete under its name, or absent."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO

import orjson

from agents.replay.reading import ReplayError
from schemas.outputs import CustomerErased, Emission, ScoreChange, TriggerFired, envelope, plain

SCORE_CHANGES, TRIGGERS, DEAD_LETTERS = "score-changes.jsonl", "triggers.jsonl", "dead-letters.jsonl"
CUSTOMERS, KPIS = "customers.jsonl", "kpis.json"
FILES = (SCORE_CHANGES, TRIGGERS, DEAD_LETTERS, CUSTOMERS, KPIS)
_PARTIAL = ".partial"
_LINE = orjson.OPT_APPEND_NEWLINE | orjson.OPT_PASSTHROUGH_SUBCLASS


class Output:
    """The folder of a replay, as a context: files get their names only when the block ends well.

    ``score_changes`` counts the lines written, ``triggers`` the firings by trigger (erasure records are not firings).

    Raises:
        ReplayError: the folder or a file in it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.score_changes = 0
        self.triggers: Counter[str] = Counter()
        self._files: dict[str, IO[bytes]] = {}

    def __enter__(self) -> Output:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for name in FILES:
                self._files[name] = (self.folder / (name + _PARTIAL)).open("wb", buffering=1 << 18)
        except OSError as error:
            self._discard()
            raise _unwritable(self.folder, error) from error
        return self

    def emit(self, emissions: Iterable[Emission]) -> None:
        """Write score changes and triggers in the order they came."""
        score_changes = self._files[SCORE_CHANGES]
        triggers = self._files[TRIGGERS]
        for emission in emissions:
            line = envelope(emission) + b"\n"
            if isinstance(emission, ScoreChange):
                self.score_changes += 1
                score_changes.write(line)
            elif isinstance(emission, TriggerFired | CustomerErased):
                if isinstance(emission, TriggerFired):
                    self.triggers[emission.trigger] += 1
                triggers.write(line)

    def dead_letter(self, line: bytes) -> None:
        """Write one dead letter, a JSON document without a line end."""
        self._files[DEAD_LETTERS].write(line + b"\n")

    def customer(self, line: dict[str, object]) -> None:
        """Write one customer."""
        self._files[CUSTOMERS].write(orjson.dumps(line, default=plain, option=_LINE))

    def kpis(self, document: Mapping[str, object]) -> None:
        """Write the figures across customers."""
        self._files[KPIS].write(orjson.dumps(document, default=plain, option=_LINE | orjson.OPT_INDENT_2))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._discard()
            if isinstance(error, OSError):
                raise _unwritable(self.folder, error) from error
            return
        try:
            for handle in self._files.values():
                handle.close()
            for name in FILES:
                (self.folder / (name + _PARTIAL)).replace(self.folder / name)
        except OSError as failure:
            self._discard()
            raise _unwritable(self.folder, failure) from failure

    def _discard(self) -> None:
        for name, handle in self._files.items():
            with contextlib.suppress(OSError):
                handle.close()
            with contextlib.suppress(OSError):
                (self.folder / (name + _PARTIAL)).unlink(missing_ok=True)


def _unwritable(folder: Path, error: OSError) -> ReplayError:
    return ReplayError(f"cannot write to {error.filename or folder}: {error.strerror or error}")
