"""Whole histories, whatever their order, copies, pauses and lanes."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.outputs import ScoreChange, TriggerFired
from schemas.policy import Policy
from schemas.times import DAY, HOUR
from streams.apply import apply, wake
from streams.codec import encode
from streams.describe import customer_line
from streams.figures.fact import Fact
from streams.kpis import Kpis
from streams.lane import BEGINNING, Lane, Memory
from streams.outcome import Emission
from streams.state import Customer, Erased
from tests.property.histories import (
    CUSTOMERS,
    RULED,
    Arrival,
    History,
    Recoded,
    Watched,
    any_policies,
    by_customer,
    ending,
    event,
    histories,
    kinds,
    run,
    written,
)

NOON = 1_772_712_000_000
"""2026-03-05T12:00:00Z"""


@settings(max_examples=150)
@given(histories(), any_policies, st.sampled_from([0, 1, HOUR, DAY - 1]), st.data())
def test_a_copy_within_the_window_changes_nothing_and_says_nothing(
    history: History, policy: Policy, wait: int, data: st.DataObject
) -> None:
    store = Memory()
    lane = Lane(store, policy)
    for arrival in history:
        outcome = lane.feed(arrival.event, arrival.now)
    if outcome.disposition != "applied" or wait >= policy.dedup_window:
        return
    now = lane.now + wait
    lane.advance(now)
    before = written(store)
    lane.take()
    again = lane.feed(arrival.event, now)
    assert again.disposition == ("dropped" if isinstance(outcome.state, Erased) else "duplicate")
    assert again.emissions == again.facts == ()
    assert lane.take().emissions == []
    assert written(store) == before


@given(histories(most=8, erasures=False, doubles=False), any_policies)
def test_a_copy_at_the_end_of_the_window_is_a_new_event(history: History, policy: Policy) -> None:
    lane = Lane(Memory(), policy)
    for arrival in history:
        lane.feed(arrival.event, arrival.now)
    assert lane.feed(arrival.event, arrival.now + policy.dedup_window - 1).disposition == "duplicate"
    assert lane.feed(arrival.event, arrival.now + policy.dedup_window).disposition == "applied"


@settings(max_examples=150)
@given(histories(), any_policies)
def test_deciding_never_changes_what_it_was_given(history: History, policy: Policy) -> None:
    store = Watched()
    run(history, policy, end=ending(history), store=store)
    for name in CUSTOMERS:
        store.check(name)


@settings(max_examples=150)
@given(histories(), any_policies)
def test_state_kept_as_bytes_decides_as_state_kept_in_memory(history: History, policy: Policy) -> None:
    end = ending(history)
    plain, store = run(history, policy, end=end)
    recoded, recoded_store = run(history, policy, end=end, store=Recoded())
    assert recoded.emissions == plain.emissions
    assert recoded.facts == plain.facts
    assert written(recoded_store) == written(store)


@settings(max_examples=150)
@given(histories(), any_policies, st.lists(st.integers(0, 40 * DAY), min_size=1, max_size=5))
def test_however_time_passes_the_same_is_said_at_the_same_instants(
    history: History, policy: Policy, pauses: list[int]
) -> None:
    def in_steps(lane: Lane, to: int) -> None:
        for pause in pauses:
            if lane.now != BEGINNING:
                lane.advance(min(lane.now + pause, to))

    end = ending(history)
    at_once, store = run(history, policy, end=end)
    stepped, stepped_store = run(history, policy, end=end, between=in_steps)
    assert stepped.emissions == at_once.emissions
    assert stepped.facts == at_once.facts
    assert written(stepped_store) == written(store)


@settings(max_examples=100)
@given(histories(), any_policies)
def test_the_lane_runs_every_timer_once_in_the_order_of_due_and_customer(history: History, policy: Policy) -> None:
    """A lane with a heap, against a search for the earliest timer of all customers before every event."""
    states = Memory()
    said: list[Emission] = []

    def decide_until(now: int) -> None:
        while due := [(s.next_due, name) for name, s in states.items() if s and s.next_due is not None]:
            at, name = min(due)
            if at > now:
                return
            outcome = wake(states[name], at, policy)
            assert outcome.next_due is None or outcome.next_due > at
            states.put(name, outcome.state)
            said.extend(outcome.emissions)

    for one, now in history:
        now = max(now, one.occurred_at)
        decide_until(now)
        outcome = apply(states.get(one.customer_id), one, now, policy)
        states.put(one.customer_id, outcome.state)
        said.extend(outcome.emissions)
    decide_until(ending(history))
    changes, store = run(history, policy, end=ending(history))
    assert changes.emissions == said
    assert written(store) == written(states)


@settings(max_examples=100)
@given(histories(), any_policies, st.lists(st.integers(0, 3 * DAY), min_size=1, max_size=4))
def test_waking_a_customer_too_early_says_nothing_and_changes_no_later_word(
    history: History, policy: Policy, waits: list[int]
) -> None:
    woken = Memory()

    def wake_early(lane: Lane, to: int) -> None:
        lane.advance(to - 1)
        for name, state in list(woken.items()):
            for wait in waits:
                now = min(lane.now + wait, to - 1)
                if isinstance(state, Customer) and (state.next_due is None or now < state.next_due):
                    outcome = wake(state, now, policy)
                    assert outcome.emissions == ()
                    woken.put(name, outcome.state)

    end = ending(history)
    expected, _ = run(history, policy, end=end)
    found, _ = run(history, policy, end=end, store=woken, between=wake_early)
    assert found.emissions == expected.emissions


@settings(max_examples=100)
@given(histories(), any_policies, st.integers(2, 3))
def test_customers_spread_over_lanes_are_told_of_as_in_one(history: History, policy: Policy, count: int) -> None:
    end = ending(history)
    one, store = run(history, policy, end=end)
    parts: list[History] = [[] for _ in range(count)]
    for arrival in history:
        parts[CUSTOMERS.index(arrival.event.customer_id) % count].append(arrival)
    many = [run(part, policy, end=end) for part in parts]
    emissions = [emission for changes, _ in many for emission in changes.emissions]
    assert by_customer(emissions) == by_customer(one.emissions)
    assert {name: state for _, part in many for name, state in written(part).items()} == written(store)
    assert figures([fact for changes, _ in many for fact in changes.facts], policy) == figures(one.facts, policy)


def figures(facts: list[Fact], policy: Policy) -> dict[str, object]:
    """What the facts add up to."""
    kpis = Kpis(policy)
    kpis.add(facts)
    return kpis.document()


@st.composite
def arrivals_in_two_orders(draw: st.DrawFn) -> tuple[History, History]:
    """The same events of two and a half days, none a copy and none later than the cap waits, in two orders."""
    span = 5 * DAY // 2
    moves = st.tuples(kinds(erasures=False), st.integers(0, span // HOUR), st.sampled_from(CUSTOMERS[:2]))
    drawn = draw(st.lists(moves, min_size=2, max_size=40))
    events = [event(kind, n, who, NOON + hour * HOUR + n) for n, (kind, hour, who) in enumerate(drawn)]

    def arriving(order: list[int]) -> History:
        now, history = BEGINNING, []
        for number in order:
            now = max(now, events[number].occurred_at)
            history.append(Arrival(events[number], now))
        return history

    order = draw(st.permutations(range(len(events))))
    return arriving(list(range(len(events)))), arriving(order)


COMMUTES = ("raw", "score", "contributions", "first_seen", "last_seen", "last_activity", "interests", "email", "value",
            "satisfaction")  # fmt: skip


@settings(max_examples=150)
@given(arrivals_in_two_orders())
def test_any_order_of_arrival_gives_the_same_score_and_counters(both: tuple[History, History]) -> None:
    policy = RULED["defaults"]
    first, second = ({name: _line(s, policy) for name, s in run(h, policy)[1].items()} for h in both)
    assert first.keys() == second.keys()
    for name in first:
        for field in COMMUTES:
            assert _near(first[name][field], second[name][field]), field
        for counter in ("created", "escalated", "reopened"):
            assert first[name]["tickets"][counter] == second[name]["tickets"][counter]


def _line(state: object, policy: Policy) -> dict[str, object]:
    assert isinstance(state, Customer)
    return customer_line(state, NOON + 3 * DAY, policy)


def _near(one: object, other: object) -> bool:
    """Equal, decimals within the rounding; what is within the rounding of nothing may be left out of a list."""
    if isinstance(one, float) or isinstance(other, float):
        return abs(float(one) - float(other)) <= 2e-6  # type: ignore[arg-type]
    if isinstance(one, list) and isinstance(other, list):
        named = [{str(next(iter(row.values()))): row["points"] for row in rows} for rows in (one, other)]
        return all(_near(named[0].get(key, 0.0), named[1].get(key, 0.0)) for key in named[0].keys() | named[1].keys())
    return one == other


@settings(max_examples=150)
@given(histories(doubles=False), any_policies)
def test_nothing_is_said_twice_and_time_never_goes_back(history: History, policy: Policy) -> None:
    changes, store = run(history, policy, end=ending(history))
    ids = [emission.id for emission in changes.emissions]
    assert len(ids) == len(set(ids))
    for emission in changes.emissions:
        if isinstance(emission, ScoreChange):
            assert 0 <= emission.current.score <= 100
            assert abs(sum(part.points for part in emission.contributions) - emission.raw) <= 2e-5
        elif isinstance(emission, TriggerFired):
            assert 0 <= emission.score <= 100
    instants = [emission.at for emission in changes.emissions if isinstance(emission, ScoreChange | TriggerFired)]
    assert instants == sorted(instants)
    for name, state in store.items():
        if isinstance(state, Customer):
            assert state.customer_id == name
            assert encode(state)
