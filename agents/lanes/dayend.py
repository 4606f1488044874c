"""The scores of a lane's customers at the end of a day, added up while the lane has nothing else to do."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from schemas.times import day_of
from streams.figures.scores import Scores
from streams.history import score_at_end

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agents.lanes.decide import Counting
    from agents.tables import Customers
    from streams.plan import Scoring

_AT_ONCE: Final = 250
"""Customers looked at before others get a turn: some milliseconds."""


class DayEnd:
    """Goes through all customers once a day, some at a time; nothing is done for it when an event is applied.

    A customer's score at the end of a day stays known while the customer goes on, so the sum is of one instant however
    long it takes. A sum that was not delivered when the worker ended is begun anew.
    """

    def __init__(self, customers: Customers, counting: Counting, plan: Scoring) -> None:
        self._customers = customers
        self._counting = counting
        self._plan = plan
        self._names: Iterator[str] | None = None
        self._day = 0
        self._scores = Scores()

    def step(self, now: int) -> bool | None:
        """Go on, or begin when a day is over at ``now`` (ms): True when it is counted, None with nothing to do."""
        if self._names is None:
            self._day, counted = day_of(now) - 1, self._counting.ended
            if (counted is None and not self._customers.count) or (counted is not None and counted >= self._day):
                return None
            self._names, self._scores = self._customers.names(), Scores()
        names = list(islice(self._names, _AT_ONCE))
        for name in names:
            customer = self._customers.look(name)
            score = None if customer is None else score_at_end(customer, self._day, self._plan)
            if customer is not None and score is not None:
                self._scores.add(customer, score)
        if len(names) == _AT_ONCE:
            return False
        self._names = None
        self._counting.end_day(self._day, self._scores)
        return True
