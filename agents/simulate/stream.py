"""All customers' doings as one stream in order of arrival.

Plans begin at random: who acts follows the crowd's weights, when follows the hour of the day, and the pace is set so
that the number of events asked for is used up at the end. A plan puts its steps on a heap, so memory holds the
customers and what is under way, never the stream.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any, Final

import orjson

from agents.simulate import mail, service, web
from agents.simulate.dice import Dice
from agents.simulate.dirt import soil
from agents.simulate.people import Crowd, Person, plan
from agents.simulate.settings import Settings
from schemas.times import HOUR, MINUTE, SECOND, format_instant

DOINGS: Final[dict[str, Callable[[Person, float, Dice], list[web.Step]]]] = {
    "visit": web.visit, "read": web.read, "shop": web.shop, "ticket": service.ticket, "survey": service.survey,
    "mail": mail.mail, "account": mail.account,
}  # fmt: skip
LOAD: Final = (
    0.3, 0.2, 0.2, 0.2, 0.3, 0.5, 0.8, 1.1, 1.4, 1.5, 1.5, 1.4,
    1.3, 1.4, 1.5, 1.5, 1.4, 1.3, 1.3, 1.4, 1.3, 1.1, 0.8, 0.5,
)  # fmt: skip
"""How busy each hour of the day (UTC) is, about 1 on average."""
_BUSY: Final = tuple(itertools.accumulate(LOAD, initial=0.0))
NEWCOMERS: Final = 0.5
"""The largest share of plans that are new customers signing up."""
TURNS: Final = 20
"""How many customers are asked for a plan before one has to make a visit."""


def events(settings: Settings) -> Iterator[tuple[str, str, bytes]]:
    """(topic, customer_id, JSON) of each event, exactly ``settings.total`` of them, in order of arrival.

    Arrival is ``occurred_at``, but for the ``dirty`` share: repeated and late events come after it.
    """
    dice, clock, mark = Dice(settings.seed), Clock(), format(abs(settings.seed), "x")
    total, end, dirty = settings.total, settings.end, settings.dirty
    crowd = Crowd(settings.customers, settings.zipf, dice, settings.start, end)
    under_way: list[tuple[float, int, str, str, dict[str, Any] | bytes]] = []
    due, plans, steps, made = float(settings.start), 0, 0, 0
    while made < total:
        if not under_way or under_way[0][0] > due:
            plans_left = (total - made - len(under_way)) * plans / (steps or 1)
            person, begun = _begin(crowd, due, plans_left, dice)
            for at, topic, fields in begun:
                if at < end:
                    heapq.heappush(under_way, (at, steps, person.customer_id, topic, fields))
                    steps += 1
            plans += 1
            due = _next_plan(due, end, total - made - len(under_way), steps / plans, dice)
            continue
        at, number, customer_id, topic, content = heapq.heappop(under_way)
        if isinstance(content, bytes):
            value = content
        else:
            value = orjson.dumps({
                "event_id": f"e-{mark}-{number:x}", "customer_id": customer_id,
                "occurred_at": clock.text(int(at)), **content,
            })  # fmt: skip
            if dirty and dice.chance(dirty):
                fate = soil(value, dice)
                if fate.later is not None:
                    again = min(at + fate.after, end - 1)
                    heapq.heappush(under_way, (again, steps, customer_id, topic, fate.later))
                    steps += 1
                if fate.now is None:
                    continue
                value = fate.now
        made += 1
        yield topic, customer_id, value


class Clock:
    """Instants as text; those of one minute share its formatting."""

    def __init__(self) -> None:
        """No minute formatted yet."""
        self._minute, self._prefix = -1, ""

    def text(self, at: int) -> str:
        """RFC 3339 in UTC with three decimals."""
        minute, rest = divmod(at, MINUTE)
        if minute != self._minute:
            self._minute, self._prefix = minute, format_instant(minute * MINUTE)[:17]
        second, thousandth = divmod(rest, SECOND)
        return f"{self._prefix}{second:02}.{thousandth:03}Z"


def _begin(crowd: Crowd, at: float, plans_left: float, dice: Dice) -> tuple[Person, list[web.Step]]:
    """Who begins what: a newcomer signs up, often enough that all are met, or somebody acts as the persona does.

    Who has no plan leaves the turn to another; after some turns the last one asked visits all the same.
    """
    if (
        crowd.unmet
        and dice.chance(min(NEWCOMERS, 2 * crowd.unmet / max(plans_left, 1)))
        and (found := crowd.newcomer())
    ):
        return found, mail.introduce(found, at, dice)
    for _ in range(TURNS):
        person = crowd.next()
        if chosen := plan(person, at, dice):
            break
    steps = DOINGS[chosen or "visit"](person, at, dice)
    return person, steps if person.known else mail.introduce(person, at, dice) + steps


def _next_plan(now: float, end: int, left: int, steps_per_plan: float, dice: Dice) -> float:
    """When the next plan begins: soon enough for the events still ``left`` to be made before the end, none after it."""
    if left <= 0:
        return float(end)
    share = dice.wait(steps_per_plan / left)
    busy = (_busy_until(end) - _busy_until(now)) * -math.expm1(-share)
    return min(now + busy / LOAD[int(now // HOUR) % 24], end - 1.0)


def _busy_until(at: float) -> float:
    """Milliseconds since 1970, each weighed with the load of its hour."""
    hours = int(at // HOUR)
    return (hours // 24 * _BUSY[-1] + _BUSY[hours % 24]) * HOUR + LOAD[hours % 24] * (at - hours * HOUR)
