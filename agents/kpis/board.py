"""The figures of all lanes together."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import orjson

from agents.kpis.rows import Row, Sum, unpack_row, unpack_sum
from schemas.outputs import Kpi, kpi_id, plain
from schemas.times import format_day
from streams.figures.fact import Amount, Slice, add, less
from streams.kpis import RUNNING, Kpis

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.policy import Policy

Cell = tuple[Slice, int | None]


class Board:
    """The latest row of every lane, added up; ``changed`` are the cells whose figures are not published yet."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._kpis = Kpis(policy)
        self._rows: dict[Row, Amount] = {}
        self._at: dict[Cell, int] = {}
        self.changed: set[Cell] = set()
        self._standing_since: dict[Slice, int] = {}
        """The earliest day of a slice on which a standing changed: those of all later days did too."""

    def put(self, key: bytes, value: bytes | None) -> None:
        """A row as it is now; None: its lane has let go of it."""
        row = unpack_row(key)
        if value is None:
            self._forget(row)
            return
        total: Sum = unpack_sum(value)
        before = self._rows.get(row, 0)
        if total.amount == before and row in self._rows:
            return
        cell = (row.where, row.day)
        self._kpis.count(*cell, row.figure, add(total.amount, less(before)))
        self._rows[row] = total.amount
        self._at[cell] = max(total.at, self._at.get(cell, 0))
        self.changed.add(cell)
        if row.day is not None and row.figure.startswith(RUNNING):
            self._standing_since[row.where] = min(row.day, self._standing_since.get(row.where, row.day))

    def _forget(self, row: Row) -> None:
        """A day that is no longer kept is not published again."""
        if self._rows.pop(row, None) is not None:
            self._kpis.forget(row.where, row.day)
            self.changed.discard((row.where, row.day))
            self._at.pop((row.where, row.day), None)

    def figures(self, where: Slice) -> dict[str, Any]:
        """The figures of a slice in total."""
        return next(self._kpis.figures(where))[1]

    def slices(self, dimension: str) -> list[Slice]:
        """The slices of a dimension."""
        return [where for where in self._kpis.sums if where[0] == dimension]

    def publish(self) -> Iterator[Kpi]:
        """The figures of every cell that changed since the last call."""
        changed, self.changed = self.changed, set()
        since, self._standing_since = self._standing_since, {}
        for where in sorted({where for where, _ in changed}, key=lambda where: (where[0] or "", where[1] or "")):
            for day, figures in self._kpis.figures(where):
                if (where, day) in changed or (day is not None and day >= since.get(where, day + 1)):
                    yield self._record(where, day, figures)

    def _record(self, where: Slice, day: int | None, figures: dict[str, Any]) -> Kpi:
        name, at = "total" if day is None else format_day(day), self._at[where, day]
        content = blake2b(orjson.dumps(figures, default=plain), digest_size=16).hexdigest()
        return Kpi(
            id=kpi_id(*where, name, at, content),
            dimension=where[0],
            value=where[1],
            day=name,
            figures=figures,
            policy_version=self._policy.version,
            at=at,
        )
