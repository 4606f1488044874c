"""Points, raw, score and level from the list of all events (CONTRACT 2, B10-B12)."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

from tests.oracle.decode import Ev

DAY = 86_400_000
POINTS = {
    "clickstream.product_view": 2, "clickstream.search": 2, "clickstream.download": 8, "clickstream.form_submit": 10,
    "clickstream.comment": 4, "clickstream.share": 4, "clickstream.add_to_cart": 6, "clickstream.checkout_started": 8,
    "purchases.ordered": 20, "purchases.renewed": 20, "purchases.subscription_started": 25, "purchases.refunded": -10,
    "purchases.cancelled": -30, "email.clicked": 5, "email.unsubscribed": -25, "email.complained": -40,
    "support-tickets.customer_replied": 1, "support-tickets.escalated": -8, "support-tickets.reopened": -6,
}  # fmt: skip
LEVELS = ("low", "medium", "high")


def points(event: Ev, policy: dict[str, Any]) -> float:
    """The points ``w`` of one event before decay and cap."""
    action = event.action
    if action in policy["score"]["points"]:
        return float(policy["score"]["points"][action])
    if action == "clickstream.page_view":
        return 2 if (event.get("dwell_seconds") or 0) >= 60 else 1
    if action == "email.opened":
        return 0 if event.get("machine_open") else 2
    if action in ("support-tickets.rated", "surveys.csat"):
        return (event.get("score") - 3) * 5
    if action == "surveys.nps":
        return 10 if event.get("score") >= 9 else -10 if event.get("score") <= 6 else 0
    return POINTS.get(action, 0)


def half_life(action: str, policy: dict[str, Any]) -> int:
    """The half-life of an action in milliseconds."""
    return int(policy["score"]["half_lives"].get(action, policy["score"]["half_life"]))


def weights(events: list[Ev], policy: dict[str, Any]) -> list[float]:
    """The capped points of each event, undecayed."""
    cap = policy["score"]["daily_cap"]

    def capped(event: Ev) -> bool:
        return event.topic in cap["topics"] and points(event, policy) > 0 and event.arrived - event.at <= cap["late"]

    of_day: dict[tuple[str, int], float] = defaultdict(float)
    for event in events:
        if capped(event):
            of_day[event.action, event.at // DAY] += points(event, policy)
    result = []
    for event in events:
        weight = float(points(event, policy))
        total = of_day[event.action, event.at // DAY]
        if capped(event) and total > cap["points"]:
            weight = weight * cap["points"] / total
        result.append(weight)
    return result


def by_action(events: list[Ev], at: int, policy: dict[str, Any]) -> dict[str, float]:
    """The decayed points of each action at an instant."""
    sums: dict[str, float] = defaultdict(float)
    for event, weight in zip(events, weights(events, policy), strict=True):
        if event.at <= at:
            sums[event.action] += weight * 2 ** (-(at - event.at) / half_life(event.action, policy))
    return sums


def rounded(value: float) -> float:
    """Six decimals, half up."""
    return math.floor(value * 1e6 + 0.5) / 1e6


def raw(events: list[Ev], at: int, policy: dict[str, Any]) -> float:
    """Section 2's ``raw`` at an instant, rounded."""
    return rounded(math.fsum(by_action(events, at, policy).values()))


def score_of(raw_value: float) -> int:
    """The score that a raw value gives."""
    return max(0, min(100, math.floor(rounded(raw_value) + 0.5)))


def score(events: list[Ev], at: int, policy: dict[str, Any]) -> int:
    """The score at an instant."""
    return score_of(raw(events, at, policy))


def contributions(events: list[Ev], at: int, policy: dict[str, Any]) -> list[dict[str, Any]]:
    """The points of each action, largest first."""
    rows = [{"action": a, "points": rounded(p)} for a, p in by_action(events, at, policy).items() if rounded(p) != 0]
    return sorted(rows, key=lambda row: (-row["points"], row["action"]))


def floor_of(level: str, policy: dict[str, Any]) -> int:
    """The least score that keeps a level."""
    return int(policy["score"]["levels"][level] - policy["score"]["level_hysteresis"])


def level_after(level: str, value: int, policy: dict[str, Any], rise: bool = True) -> str:
    """The level that a score leads to from a level; without ``rise`` only a fall is judged."""
    bounds = policy["score"]["levels"]
    reached = "high" if value >= bounds["high"] else "medium" if value >= bounds["medium"] else "low"
    if rise and LEVELS.index(reached) > LEVELS.index(level):
        return reached
    while level != "low" and value < floor_of(level, policy):
        level = LEVELS[LEVELS.index(level) - 1]
    return level


def next_fall(events: list[Ev], level: str, now: int, policy: dict[str, Any]) -> int | None:
    """The first millisecond after ``now`` at which the score no longer keeps the level; None when it never falls."""
    if level == "low":
        return None
    parts = [(p, half_life(a, policy)) for a, p in by_action(events, now, policy).items()]
    limit = floor_of(level, policy)

    def kept(at: int) -> bool:
        return score_of(math.fsum(p * 2 ** (-(at - now) / h) for p, h in parts)) >= limit

    def may_fall(start: int, end: int) -> bool:
        lowest = math.fsum(p * 2 ** (-((end if p > 0 else start) - now) / h) for p, h in parts)
        return score_of(lowest) < limit

    def first(start: int, end: int) -> int | None:
        if not may_fall(start, end):
            return None
        if start == end:
            return None if kept(start) else start
        middle = (start + end) // 2
        found = first(start, middle)
        return found if found is not None else first(middle + 1, end)

    return first(now + 1, now + 40 * max([h for _, h in parts], default=1))
