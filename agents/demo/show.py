"""What the demo tells on the screen: plain lines, in colour on a terminal."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.status import Status

from agents.demo.tally import Tally

_STYLES = {"level": "cyan", "dead letter": "red"}
_TRIGGER_STYLE = "green"
_STATUS_SECONDS = 5.0


class Show:
    """Writes to a stream; on a terminal the counts stand in the last line, elsewhere they are a line now and then."""

    def __init__(self, stream: TextIO) -> None:
        self._console = Console(file=stream, highlight=False, soft_wrap=True)
        self._started = time.monotonic()
        self._told = 0.0
        self._status: Status | None = None

    @property
    def seconds(self) -> float:
        """Since the show began."""
        return time.monotonic() - self._started

    @contextlib.contextmanager
    def live(self) -> Iterator[None]:
        """Keep the counts in the last line meanwhile, on a terminal."""
        if not self._console.is_terminal:
            yield
            return
        with self._console.status("starting") as status:
            self._status = status
            yield
        self._status = None

    def say(self, line: str = "", style: str = "") -> None:
        """A line of prose."""
        self._console.print(f"[{style}]{escape(line)}[/]" if style else escape(line))

    def event(self, kind: str, line: str) -> None:
        """A line about something that came out."""
        self._console.print(
            f"[dim]{self.seconds:5.0f} s[/] [{_STYLES.get(kind, _TRIGGER_STYLE)}]{kind:22}[/] {escape(line)}"
        )

    def counts(self, tally: Tally, sent: int, total: int) -> None:
        """How far it is."""
        levels = tally.levels
        line = (
            f"{sent:,} of {total:,} events in ({sent / max(self.seconds, 1):,.0f}/s); out: "
            f"{tally.score_changes:,} score changes, {tally.triggers.total():,} triggers, "
            f"{tally.dead_letters.total()} dead letters; levels: {levels['medium']} medium, {levels['high']} high"
        )
        if self._status is not None:
            self._status.update(escape(line))
        elif time.monotonic() - self._told >= _STATUS_SECONDS:
            self._told = time.monotonic()
            self._console.print(f"[dim]{self.seconds:5.0f} s[/] {escape(line)}")

    def block(self, title: str, lines: Sequence[str]) -> None:
        """A heading with lines under it."""
        self._console.print()
        self.say(title, "bold")
        for line in lines:
            self.say(f"  {line}")
