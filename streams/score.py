"""The score: decayed points per action, with the daily cap (CONTRACT 2).

``raw(t)`` is the sum over events of ``w * 2 ** (-(t - t_i) / H)``. Points are kept per action and UTC day, each day as
sums that decay together, so the result is a function of the set of events and not of their order. A day is folded into
one figure when nothing can change it any more and no rule looks at its end. Beside them stands one running total per
half-life, so that the score after an event costs the same whatever a customer has done.
"""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING

from schemas.times import DAY, day_of
from streams.state import Account, Day, Points

if TYPE_CHECKING:
    from streams.plan import Scoring

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
        return at, (value * 2.0 ** ((ref - at) / half_life) if value else 0.0) + more
    return ref, value + more * 2.0 ** ((at - ref) / half_life)


def add(points: Points, action: str, weight: float, at: int, now: int, plan: Scoring) -> Points:
    """The points with one more event of ``weight`` at ``at``, handled at ``now``."""
    half_life = plan.half_lives[action]
    oldest_open = day_of(now) - plan.open_days
    account = _folded(points.accounts.get(action) or Account(), oldest_open, half_life, plan.cap)
    number = day_of(at)
    if number < oldest_open:
        ref, old = _merged(account.ref, account.old, at, weight, half_life)
        account, changed, delta = Account(ref, old, account.days), at, weight
    else:
        known = account.days.get(number)
        day = _with(known or Day(at), weight, at, half_life, action in plan.capped and now - at <= plan.late)
        changed, delta = day.ref, _worth(day, plan.cap)
        if known is not None:
            delta -= _worth(known, plan.cap) * 2.0 ** ((known.ref - day.ref) / half_life)
        account = Account(account.ref, account.old, {**account.days, number: day})
    totals = totals_of(points, plan)
    known_ref, known_total = totals.get(half_life, (changed, 0.0))
    return Points(
        {**points.accounts, action: account},
        plan.mark,
        {**totals, half_life: _merged(known_ref, known_total, changed, delta, half_life)},
        points.then if points.then is not None and number > points.then[0] else None,
    )


def _with(day: Day, weight: float, at: int, half_life: int, under_cap: bool) -> Day:
    """A day with one more event; only positive points of an event in time are under the cap."""
    ref = max(day.ref, at)
    fade = 2.0 ** ((day.ref - ref) / half_life) if ref != day.ref else 1.0
    capped, rest = day.capped * fade, day.rest * fade
    points = weight if ref == at else weight * 2.0 ** ((at - ref) / half_life)
    if under_cap and weight > 0:
        return Day(ref, capped + points, day.earned + weight, rest)
    return Day(ref, capped, day.earned, rest + points)


def _worth(day: Day, cap: float) -> float:
    """A day's points at its ``ref``, the cap applied."""
    return day.capped * (cap / day.earned) + day.rest if day.earned > cap else day.capped + day.rest


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


def by_action(points: Points, at: int, plan: Scoring, last_day: int | None = None) -> dict[str, float]:
    """Points of each action at ``at``; with ``last_day`` only of events up to that day."""
    result = {}
    cap = plan.cap
    for action, account in points.accounts.items():
        half_life = plan.half_lives[action]
        total = account.old * 2.0 ** ((account.ref - at) / half_life) if account.old else 0.0
        for number, day in account.days.items():
            if last_day is None or number <= last_day:
                total += _worth(day, cap) * 2.0 ** ((day.ref - at) / half_life)
        result[action] = total
    return result


def totals_of(points: Points, plan: Scoring) -> dict[int, tuple[int, float]]:
    """The running totals under this plan: half-life -> (instant, points at that instant)."""
    return points.totals if points.mark == plan.mark else _summed(points, plan)


def _summed(points: Points, plan: Scoring) -> dict[int, tuple[int, float]]:
    """The running totals worked out anew: for a state that was kept under another policy."""
    totals: dict[int, tuple[int, float]] = {}
    for action, account in points.accounts.items():
        half_life = plan.half_lives[action]
        amounts = [(account.ref, account.old), *((day.ref, _worth(day, plan.cap)) for day in account.days.values())]
        for ref, value in amounts:
            known_ref, known = totals.get(half_life, (ref, 0.0))
            totals[half_life] = _merged(known_ref, known, ref, value, half_life)
    return totals


def terms(points: Points, at: int, plan: Scoring) -> list[tuple[int, float]]:
    """(half-life, points at ``at``) for each half-life: what the score will fall along."""
    totals = totals_of(points, plan)
    return [(half_life, total * 2.0 ** ((ref - at) / half_life)) for half_life, (ref, total) in totals.items() if total]


def raw_at(points: Points, at: int, plan: Scoring) -> float:
    """``raw`` at an instant not before any known event, rounded to 6 decimals."""
    return round6(sum([value for _, value in terms(points, at, plan)]))


def score_at(points: Points, at: int, plan: Scoring) -> int:
    """The score at an instant not before any known event."""
    return score_of(raw_at(points, at, plan))


def scores_at_ends(points: Points, days: range, plan: Scoring) -> bytes:
    """The score at the last millisecond of each of these days, none before a known event; a byte each."""
    totals = [(half_life, ref, total) for half_life, (ref, total) in totals_of(points, plan).items() if total]
    return bytes([
        score_of(sum([total * 2.0 ** ((ref - at) / half_life) for half_life, ref, total in totals]))
        for at in range((days.start + 1) * DAY - 1, (days.stop + 1) * DAY - 1, DAY)
    ])  # fmt: skip


def looking_back(points: Points, day: int, plan: Scoring) -> Points:
    """The points with ``then`` worked out: raw at the last millisecond of an open day, over the events known now."""
    if points.then is not None and points.then[0] == day and points.mark == plan.mark:
        return points
    raw = sum(by_action(points, (day + 1) * DAY - 1, plan, day).values())
    return Points(points.accounts, plan.mark, totals_of(points, plan), (day, raw))


def contributions(points: Points, at: int, plan: Scoring) -> list[tuple[str, float]]:
    """(action, points) rounded to 6 decimals, largest first, ties by action; zeros are left out (CONTRACT B11)."""
    rounded = ((action, round6(value)) for action, value in by_action(points, at, plan).items())
    return sorted(((a, v) for a, v in rounded if v != 0), key=lambda pair: (-pair[1], pair[0]))
