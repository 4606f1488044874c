"""The figures of one lane: counted with its customers, kept with its customers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from agents.deliver import Record
from agents.kpis.rows import Row, Sum, lean, pack_row, pack_sum, unpack_row, unpack_sum
from schemas.times import DAY, day_of
from streams.figures.fact import OVERALL, Amount, Fact, add, cells
from streams.figures.scores import SCORED, SCORES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from agents.changelog import Change
    from agents.settings import Settings
    from streams.figures.scores import Scores

DAYS_KEPT: Final = 92
"""Days for which figures by day are kept; the totals are kept for good."""


class LaneFigures:
    """Sums by row, as they were delivered and with what was counted since."""

    def __init__(self, topic: str, partition: int, rows: Iterable[Change]) -> None:
        self._topic = topic
        self._partition = partition
        self._sums: dict[Row, Amount] = {}
        self._oldest: int | None = None
        self._scores: dict[Row, Sum] = {}
        self.ended: int | None = None
        """The latest day whose scores at its end were counted."""
        for key, value in rows:
            if value is not None:
                row, total = unpack_row(key), unpack_sum(value)
                self._sums[row] = total.amount
                self._note(row.day)
                if row.figure == SCORED and row.where == OVERALL:
                    self.ended = day_of(total.at)

    def take(self, facts: Sequence[Fact], now: int) -> tuple[list[Record], list[Change]]:
        """Count facts at ``now`` (ms): the rows that changed as records for the topic, and for the changelog."""
        changed: dict[Row, None] = {}
        since = now // DAY - DAYS_KEPT
        for fact in facts:
            for where, day in cells(fact):
                if day is None or day > since:
                    row = Row(self._partition, where, day, fact.figure)
                    before = self._sums.get(row)
                    if before is None:
                        row, before = lean(row), 0
                    self._sums[row] = add(before, fact.amount)
                    self._note(day)
                    changed[row] = None
        changes: list[Change] = [(pack_row(row), pack_sum(Sum(self._sums[row], now))) for row in changed]
        changes += [(pack_row(row), pack_sum(total)) for row, total in self._scores.items()]
        self._scores = {}
        if self._oldest is not None and self._oldest <= since:
            changes += self._forget(since)
        return [Record(self._topic, key, value) for key, value in changes], changes

    def end_day(self, day: int, scores: Scores) -> None:
        """Scores at the end of a day, in place of those of the day before; they leave with the next ``take``."""
        found = {Row(self._partition, where, None, figure): amount for (where, figure), amount in scores.sums.items()}
        gone = {row: 0 for row in self._sums if row.day is None and row.figure in (SCORED, SCORES)}
        self._scores = {row: Sum(amount, (day + 1) * DAY - 1) for row, amount in {**gone, **found}.items()}
        self._sums.update((row, total.amount) for row, total in self._scores.items())
        self.ended = day

    def _note(self, day: int | None) -> None:
        if day is not None and (self._oldest is None or day < self._oldest):
            self._oldest = day

    def _forget(self, since: int) -> list[Change]:
        """Let go of the days up to ``since``."""
        old = [row for row in self._sums if row.day is not None and row.day <= since]
        for row in old:
            del self._sums[row]
        self._oldest = min((row.day for row in self._sums if row.day is not None), default=None)
        return [(pack_row(row), None) for row in old]


def combine_into(settings: Settings) -> Callable[[int, Iterable[Change]], LaneFigures]:
    """What makes the figures of a lane from its rows, under these settings."""
    topic = settings.kpi_rows_topic
    return lambda partition, rows: LaneFigures(topic, partition, rows)
