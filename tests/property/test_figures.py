"""The figures across customers add up to what is kept of each customer."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

from hypothesis import given, settings

from schemas.outputs import TriggerFired
from schemas.policy import Policy
from schemas.times import DAY
from streams.describe import customer_line
from streams.kpis import Kpis
from streams.lane import Changes, Memory
from streams.state import STAGES, Customer
from tests.property.histories import History, histories, policies, run

COUNTERS = ("created", "solved", "escalated", "reopened", "fcr_confirmed", "fcr_missed", "fcr_pending")


def played(history: History, policy: Policy) -> tuple[Changes, list[Customer], dict[str, Any]]:
    """What was said, the customers, and the content of ``kpis.json``, three days after the last arrival."""
    store = Memory()
    changes, _ = run(history, policy, end=max(now for _, now in history) + 3 * DAY, store=store)
    kpis = Kpis(policy)
    kpis.add(changes.facts)
    return changes, [state for state in store.values() if isinstance(state, Customer)], kpis.document()


def counters(figures: dict[str, Any]) -> dict[str, int]:
    """The support counters of one slice under the names of a customer's line."""
    both = {
        **figures["tickets"],
        **{f"fcr_{name}": figures["fcr"][name] for name in ("confirmed", "missed", "pending")},
    }
    return {name: both[name] for name in COUNTERS}


@settings(max_examples=150)
@given(histories(least=5, erasures=False), policies)
def test_the_totals_are_the_sums_over_the_customers(history: History, policy: Policy) -> None:
    changes, customers, document = played(history, policy)
    total = document["total"]
    lines = [customer_line(customer, customer.now, policy) for customer in customers]
    sums: Counter[str] = Counter()
    for line in lines:
        sums.update(line["tickets"])
    assert counters(total) == {name: sums[name] for name in COUNTERS}
    assert {name: count for name, count in total["levels"].items() if count} == Counter(c.level for c in customers)
    roles = Counter(customer.role for customer in customers if customer.role is not None)
    assert {name: count for name, count in total["roles"].items() if count} == roles
    for number, stage in enumerate(STAGES):
        reached = sum(STAGES.index(customer.stage) >= number for customer in customers)
        assert total["funnel"][stage] == reached
    revenue = sum((Decimal(str(line["value"]["revenue"])) for line in lines), Decimal(0))
    assert Decimal(str(total["revenue"].get(policy.currency, "0"))) == revenue
    fired = Counter(one.trigger for one in changes.emissions if isinstance(one, TriggerFired))
    if policy.triggers.first_reply_overdue.enabled:
        assert total["tickets"]["first_reply_overdue"] == fired["first_reply_overdue"]
    assert total["tickets"]["resolution_overdue"] == fired["resolution_overdue"]


@settings(max_examples=150)
@given(histories(least=5, erasures=False), policies)
def test_the_days_add_up_to_the_total_and_the_sources_to_their_customers(history: History, policy: Policy) -> None:
    _, customers, document = played(history, policy)
    days = document["by_day"].values()
    for name in ("created", "solved", "escalated", "reopened", "first_reply_overdue", "resolution_overdue"):
        assert sum(day["tickets"][name] for day in days) == document["total"]["tickets"][name]
    for name in ("confirmed", "missed"):
        assert sum(day["fcr"][name] for day in days) == document["total"]["fcr"][name]
    for part, name in (("csat", "answers"), ("nps", "promoters"), ("nps", "detractors")):
        assert sum(day[part][name] for day in days) == document["total"][part][name]
    of_source: dict[str, Counter[str]] = defaultdict(Counter)
    for customer in customers:
        source = customer.profile.get("acquisition_source")
        if source is not None:
            of_source[str(source.value)].update(customer_line(customer, customer.now, policy)["tickets"])
    slices = document["total"]["by"]["acquisition_source"]
    for source, sums in of_source.items():
        assert counters(slices[source]) == {name: sums[name] for name in COUNTERS}


@settings(max_examples=100)
@given(histories(least=5), policies)
def test_no_count_is_ever_below_nothing(history: History, policy: Policy) -> None:
    _, _, document = played(history, policy)
    for figures in (document["total"], *document["by_day"].values()):
        for part in (figures, *(one for of in figures["by"].values() for one in of.values())):
            for group in ("fcr", "tickets", "csat", "funnel", "levels", "roles", "segments"):
                values = (part.get(group) or {}).items()
                assert all(value is None or value >= 0 for _, value in values), (group, part[group])
