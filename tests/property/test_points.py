"""Points: the formula of CONTRACT 2 over sets of events, sums of accounts, and the millisecond a level falls."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from math import floor

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schemas.events import Ordered, PageView
from schemas.outputs import ScoreChange
from schemas.policy import merge
from schemas.times import DAY, HOUR, day_of
from streams import decay, score
from streams.level import fall_score
from streams.plan import Scoring, plan_of
from streams.state import Points
from streams.weights import weight_of
from tests.property.histories import RULED, START, Arrival, event, histories, run

PLAN = plan_of(RULED["defaults"]).scoring
FEW_DAYS_OPEN = plan_of(merge({"triggers": {"interest_surge": {"within": "1d"}}})).scoring
"""Days are closed as soon as no event can count in them under the cap."""
ACTIONS = ("clickstream.page_view", "clickstream.download", "email.clicked", "email.complained", "purchases.ordered")
CAP, LATE = 20, 3 * DAY

Scored = tuple[str, int, int, int]
"""action, weight, instant, instant of handling"""
scored = st.tuples(
    st.sampled_from(ACTIONS),
    st.sampled_from((1, 2, 5, 8, 20, 21, -10, -40)),
    st.sampled_from((0, 1, HOUR, DAY - 1, DAY, 3 * DAY, 9 * DAY)),
    st.sampled_from((0, 1, DAY, LATE, LATE + 1, 8 * DAY, 12 * DAY)),
).map(lambda one: (one[0], one[1], START + one[2], START + one[2] + one[3]))


def account(events: list[Scored], plan: Scoring = PLAN) -> Points:
    """The points of events in the order in which they were handled."""
    points = Points()
    for action, weight, at, now in sorted(events, key=lambda one: one[3]):
        points = score.add(points, action, weight, at, now, plan)
    return points


def under_cap(one: Scored) -> bool:
    action, weight, at, now = one
    return not action.startswith("purchases") and weight > 0 and now - at <= LATE


def formula(events: list[Scored], until: int, half_life: int = 14 * DAY) -> float:
    """``raw`` as section 2 writes it."""
    earned: dict[tuple[str, int], int] = {}
    for one in filter(under_cap, events):
        earned[one[0], day_of(one[2])] = earned.get((one[0], day_of(one[2])), 0) + one[1]
    total = 0.0
    for one in events:
        action, weight, at, _ = one
        share = Fraction(1)
        if under_cap(one):
            share = min(share, Fraction(CAP, earned[action, day_of(at)]))
        total += float(weight * share) * 2.0 ** (-(until - at) / half_life)
    return total


def day_earned(points: Points) -> dict[tuple[str, int], float]:
    return {(a, n): day.earned for a, account in points.accounts.items() for n, day in account.days.items()}


@settings(max_examples=300)
@given(st.lists(scored, max_size=30), st.sampled_from([PLAN, FEW_DAYS_OPEN]))
def test_raw_is_the_formula_over_the_set_of_events(events: list[Scored], plan: Scoring) -> None:
    points, until = account(events, plan), START + 30 * DAY
    assert abs(score.raw_at(points, until, plan) - formula(events, until)) < 2e-6
    parts = score.by_action(points, until, plan)
    for action in parts:
        assert abs(parts[action] - formula([one for one in events if one[0] == action], until)) < 1e-9


@settings(max_examples=200)
@given(st.lists(scored, max_size=15), st.lists(scored, max_size=15))
def test_two_customers_whom_no_cap_touches_have_together_what_the_union_has(
    one: list[Scored], two: list[Scored]
) -> None:
    alone = [[(a, w, at, at + LATE + 1) if under_cap((a, w, at, now)) else (a, w, at, now) for a, w, at, now in part]
             for part in (one, two)]  # fmt: skip
    parts = [score.by_action(account(part), START + 40 * DAY, PLAN) for part in alone]
    union = score.by_action(account(alone[0] + alone[1]), START + 40 * DAY, PLAN)
    for action in union:
        assert abs(union[action] - sum(part.get(action, 0.0) for part in parts)) < 1e-9


@settings(max_examples=200)
@given(st.lists(scored.filter(under_cap), max_size=15), st.lists(scored.filter(under_cap), max_size=15))
def test_two_customers_under_the_cap_add_up_day_by_day(one: list[Scored], two: list[Scored]) -> None:
    """A day of the union has earned what both have earned, and is worth their points times 20 / P."""
    one, two = ([(a, w, START + DAY + at % DAY, START + 2 * DAY) for a, w, at, _ in part] for part in (one, two))
    parts, union = (account(one), account(two)), account(one + two)
    sums: dict[tuple[str, int], float] = {}
    for points in parts:
        for key, earned in day_earned(points).items():
            sums[key] = sums.get(key, 0.0) + earned
    assert day_earned(union) == sums
    end = START + 2 * DAY
    for action, worth in score.by_action(union, end, PLAN).items():
        whole = sum(w * 2.0 ** (-(end - at) / (14 * DAY)) for a, w, at, _ in one + two if a == action)
        total = sum(earned for (a, _), earned in sums.items() if a == action)
        assert abs(worth - whole * min(1.0, CAP / total)) < 1e-9


@settings(max_examples=100)
@given(histories(erasures=False, doubles=False))
def test_a_score_is_the_formula_over_all_that_arrived(history: list[Arrival]) -> None:
    policy = RULED["defaults"]
    end = max(now for _, now in history)
    _, store = run(history, policy, end=end)
    for name, state in store.items():
        assert state is not None
        events: list[Scored] = [
            (one.action, int(weight_of(one, policy.score.points)), one.occurred_at, now)
            for one, now in history
            if one.customer_id == name
        ]
        capped = [one for one in events if one[0].split(".")[0] in ("clickstream", "email")]
        rest = [("purchases." + one[0], *one[1:]) for one in events if one not in capped]
        raw = score.raw_at(state.points, end, plan_of(policy).scoring)
        assert abs(raw - formula([*capped, *rest], end)) < 2e-6
        assert score.score_of(raw) == max(0, min(100, floor(raw + 0.5)))


def test_points_that_fade_within_hours_outlast_a_pause_of_months() -> None:
    policy = merge({"score": {"half_lives": {"clickstream.page_view": "1h"}, "points": {"purchases.ordered": 90}}})
    view, order = (PageView, {"url": "/"}), (Ordered, {"amount": 5})
    told = [(view, 0), (order, 0), (order, 14), (order, 28), (order, 42), (view, 60)]
    events = [event(kind, number, "ada", START + day * DAY) for number, (kind, day) in enumerate(told)]
    changes, _ = run([Arrival(one, one.occurred_at) for one in events], policy)
    assert changes.dispositions["applied"] == len(told)


HALF_LIVES = (HOUR, 5 * HOUR, DAY, 5 * DAY, 14 * DAY, 40 * DAY)
terms = st.lists(
    st.tuples(st.sampled_from(HALF_LIVES), st.integers(-150_000, 300_000).map(lambda milli: milli / 1000)),
    min_size=1,
    max_size=4,
)  # fmt: skip


def exact_score(parts: decay.Terms, elapsed: int) -> int:
    """The score so long after, in 50 digits."""
    with localcontext() as context:
        context.prec = 50
        two = Decimal(2)
        raw = sum((Decimal(v) * two ** (Decimal(-elapsed) / Decimal(h)) for h, v in parts), Decimal(0))
        micro = int((raw * 1_000_000 + Decimal("0.5")).to_integral_value("ROUND_FLOOR"))
        return max(0, min(100, (micro + 500_000) // 1_000_000))


@settings(max_examples=300)
@given(terms, st.sampled_from((0, 11, 28, 37, 73)))
def test_the_fall_is_found_to_the_millisecond(parts: decay.Terms, at_most: int) -> None:
    now = START
    assume(exact_score(parts, 0) > at_most)
    due = decay.first_at_most(parts, now, at_most)
    if due is None:
        assert all(exact_score(parts, days * DAY) > at_most for days in (1, 2, 5, 10, 50, 100, 400))
        return
    assert exact_score(parts, due - now) <= at_most
    span = due - now
    assert span == 1 or exact_score(parts, span - 1) > at_most
    sampled = [span * n // 256 for n in range(1, 256)]
    assert all(score.score_of(sum(v * 2.0 ** (-at / h) for h, v in parts)) > at_most for at in sampled if at < span)


@settings(max_examples=150)
@given(histories(least=10, most=40), st.sampled_from(["defaults", "short", "fading"]))
def test_a_level_falls_by_time_alone_at_its_millisecond_and_never_rises(history: list[Arrival], name: str) -> None:
    policy = RULED[name]
    order = ("low", "medium", "high")
    changes, _ = run(history, policy, end=max(now for _, now in history) + 300 * DAY)
    scoring = plan_of(policy).scoring
    for change in changes.emissions:
        if isinstance(change, ScoreChange) and change.cause == "timer":
            fallen_to, limit = change.current.level, fall_score(change.previous.level, policy)
            assert order.index(fallen_to) < order.index(change.previous.level)
            assert limit is not None
            assert change.current.score <= limit
            before = sum(part.points * 2.0 ** (1 / scoring.half_lives[part.action]) for part in change.contributions)
            assert before >= limit + 0.5 - 3e-6
