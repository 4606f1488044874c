"""The score: decayed points per action, with the daily cap (CONTRACT 2).

``raw(t)`` is the sum over events of ``w * 2 ** (-(t - t_i) / H)``. Points are kept per action and UTC day, each day as
sums that decay together, so the result is a function of the set of events and not of their order. A day is folded into
one figure when nothing can change it any more and no rule looks at its end.
"""

from __future__ import annotations

from math import floor, log2
from typing import TYPE_CHECKING

from schemas.times import DAY, day_of
from streams.state import Account, Day

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from streams.plan import Scoring

Points = dict[str, Account]
_MICRO = 1_000_000


def round6(value: float) -> float:
    """Half up, 6 decimals (CONTRACT B11)."""
    return floor(value * _MICRO + 0.5) / _MICRO


def score_of(raw: float) -> int:
    """The whole score 0 to 100 of a raw figure."""
    return max(0, min(100, floor(round6(raw) + 0.5)))


def _merged(ref: int, value: float, at: int, more: float, half_life: int) -> tuple[int, float]:
    """Two amounts at their instants as one amount at the later instant."""
    if at >= ref:
        return at, value * 2.0 ** ((ref - at) / half_life) + more
    return ref, value + more * 2.0 ** ((at - ref) / half_life)


def add(points: Points, action: str, weight: float, at: int, now: int, plan: Scoring) -> Points:
    """The points with one more event of ``weight`` at ``at``, handled at ``now``."""
    account = points.get(action) or Account()
    half_life = plan.half_life(action)
    today = day_of(now)
    account = _folded(account, today - plan.open_days, half_life, plan.cap)
    number = day_of(at)
    if number < today - plan.open_days:
        ref, old = _merged(account.ref, account.old, at, weight, half_life)
        return {**points, action: Account(ref, old, account.days)}
    day = account.days.get(number) or Day(at)
    if weight > 0 and action in plan.capped and now - at <= plan.late:
        ref, capped = _merged(day.ref, day.capped, at, weight, half_life)
        rest = day.rest * 2.0 ** ((day.ref - ref) / half_life) if day.rest else 0.0
        day = Day(ref, capped, day.earned + weight, rest)
    else:
        ref, rest = _merged(day.ref, day.rest, at, weight, half_life)
        day = Day(ref, day.capped * 2.0 ** ((day.ref - ref) / half_life), day.earned, rest)
    return {**points, action: Account(account.ref, account.old, {**account.days, number: day})}


def _worth(day: Day, cap: float) -> float:
    """A day's points at its ``ref``, the cap applied."""
    return day.capped * min(1.0, cap / day.earned) + day.rest if day.earned > cap else day.capped + day.rest


def _folded(account: Account, before: int, half_life: int, cap: float) -> Account:
    """The account with the days earlier than day number ``before`` made one figure."""
    closed = [number for number in account.days if number < before]
    if not closed:
        return account
    ref, old = account.ref, account.old
    for number in sorted(closed):
        day = account.days[number]
        ref, old = _merged(ref, old, day.ref, _worth(day, cap), half_life)
    return Account(ref, old, {number: day for number, day in account.days.items() if number >= before})


def by_action(points: Mapping[str, Account], at: int, plan: Scoring, last_day: int | None = None) -> dict[str, float]:
    """Points of each action at ``at``; with ``last_day`` only of events up to that day."""
    result = {}
    cap = plan.cap
    for action, account in points.items():
        half_life = plan.half_life(action)
        total = account.old * 2.0 ** ((account.ref - at) / half_life) if account.old else 0.0
        for number, day in account.days.items():
            if last_day is None or number <= last_day:
                total += _worth(day, cap) * 2.0 ** ((day.ref - at) / half_life)
        result[action] = total
    return result


def score_at(points: Mapping[str, Account], at: int, plan: Scoring) -> int:
    """The score at an instant not before any known event."""
    return score_of(sum(by_action(points, at, plan).values()))


def score_at_end_of(points: Mapping[str, Account], day: int, plan: Scoring) -> int:
    """The score at the last millisecond of a day whose points are not folded, over the events known now."""
    return score_of(sum(by_action(points, (day + 1) * DAY - 1, plan, day).values()))


def contributions(points: Mapping[str, Account], at: int, plan: Scoring) -> list[tuple[str, float]]:
    """(action, points) rounded to 6 decimals, largest first, ties by action; zeros are left out (CONTRACT B11)."""
    rounded = ((action, round6(value)) for action, value in by_action(points, at, plan).items())
    return sorted(((a, v) for a, v in rounded if v != 0), key=lambda pair: (-pair[1], pair[0]))


def first_at_most(values: Mapping[str, float], now: int, score: int, plan: Scoring) -> int | None:
    """The first millisecond after ``now`` at which the score is ``score`` or less by decay alone, or None.

    ``values`` are the points of each action at ``now``. Points of one half-life keep their proportions, so each
    half-life is one falling (or, when negative, rising) exponential.
    """
    groups: dict[int, float] = {}
    for action, value in values.items():
        half_life = plan.half_life(action)
        groups[half_life] = groups.get(half_life, 0.0) + value
    terms = [(half_life, value) for half_life, value in groups.items() if value]
    limit = score + 0.5 - 0.5 / _MICRO
    if not any(value > 0 for _, value in terms):
        return now + 1
    if len(terms) == 1:
        (half_life, value) = terms[0]
        candidate = now + max(0, floor(half_life * log2(value / limit)) - 2) if value > limit else now
        return _step(terms, now, max(candidate, now), score)
    end = now + max(
        half_life * max(1, floor(log2(max(value, 1.0) * len(terms) / limit)) + 2) for half_life, value in terms
    )
    return _search(terms, now, now, end, limit, score)


def _raw(terms: Iterable[tuple[int, float]], elapsed: int) -> float:
    return sum((value * 2.0 ** (-elapsed / half_life) for half_life, value in terms), 0.0)


def _step(terms: list[tuple[int, float]], now: int, candidate: int, score: int) -> int:
    """The first millisecond after ``candidate`` at which the score is reached; ``candidate`` is close before it."""
    at = candidate + 1 if candidate == now else candidate
    while score_of(_raw(terms, at - now)) > score:
        at += 1
    return at


def _search(terms: list[tuple[int, float]], now: int, low: int, high: int, limit: float, score: int) -> int | None:
    """The first crossing in (low, high], by halving what a rigorous lower bound cannot rule out."""
    rising = sum(value * 2.0 ** (-(low - now) / half_life) for half_life, value in terms if value < 0)
    falling = sum(value * 2.0 ** (-(high - now) / half_life) for half_life, value in terms if value > 0)
    if falling + rising > limit + 1e-9:
        return None
    if high - low <= 1:
        return high if score_of(_raw(terms, high - now)) <= score else None
    middle = (low + high) // 2
    found = _search(terms, now, low, middle, limit, score)
    return found if found is not None else _search(terms, now, middle, high, limit, score)
