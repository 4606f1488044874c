"""The figures across customers, counted from every list of events (CONTRACT 7, 10, B17, B31, B32)."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from schemas.times import format_day
from tests.oracle import mail, value
from tests.oracle.customer import Customer
from tests.oracle.facts import DAY, STAGES
from tests.oracle.tickets import Desk, Ticket

if TYPE_CHECKING:
    from tests.oracle.replay import Replay

DIMENSIONS = ("product", "channel", "stage", "campaign", "acquisition_source")


@dataclass
class Fact:
    """One thing to count, with its instant, its groups and its value."""

    kind: str
    at: int
    groups: dict[str, Any]
    value: Any = None


def kpis(run: Replay) -> dict[str, Any]:
    """The content of ``kpis.json`` at the end of a run."""
    living = list(run.customers.values())
    facts = [f for c, end in run.gone for f in _facts(c, end) if f.kind != "pending"]
    facts += [f for c in living for f in _facts(c, run.now)]
    total = figures(facts)
    total["conversion"] = _conversion(run, total["funnel"]["lead"])
    total["levels"] = dict(Counter(c.told["level"] for c in living))
    total["roles"] = dict(Counter(c.role for c in living if c.role))
    total["segments"] = dict(Counter(name for c in living for name in c.segments))
    days = {format_day(day): figures([f for f in facts if f.at // DAY == day]) for day in {f.at // DAY for f in facts}}
    return {"total": total, "by_day": days}


def figures(facts: list[Fact], by: bool = True) -> dict[str, Any]:
    """Every figure of a set of facts, and of its subsets by group."""
    count = Counter(f.kind for f in facts)
    csat = [f.value for f in facts if f.kind == "csat"]
    nps = [f.value for f in facts if f.kind == "nps"]
    good, bad = sum(1 for s in nps if s >= 9), sum(1 for s in nps if s <= 6)
    result: dict[str, Any] = {
        "fcr": {
            "rate": percent(count["confirmed"], count["confirmed"] + count["missed"]),
            **{k: count[k] for k in ("confirmed", "missed", "pending")},
        },
        "csat": {"percent": percent(sum(1 for s in csat if s >= 4), len(csat)), "answers": len(csat)},
        "nps": {
            "value": percent(good - bad, len(nps)),
            "promoters": good,
            "passives": len(nps) - good - bad,
            "detractors": bad,
        },
        "tickets": {
            **{k: count[k] for k in ("created", "solved", "escalated", "reopened")},
            **{k: count[k] for k in ("first_reply_overdue", "resolution_overdue")},
            "median_first_reply_seconds": median([f.value for f in facts if f.kind == "first_reply"]),
            "median_resolution_seconds": median([f.value for f in facts if f.kind == "resolution"]),
        },
        "funnel": {s: sum(1 for f in facts if f.kind == "stage" and f.value == s) for s in STAGES},
        "revenue": money([f for f in facts if f.kind == "money"]),
        "recurring_revenue": money([f for f in facts if f.kind == "money" and f.groups["recurring"]]),
        "orders": count["order"],
    }
    if by:
        result["by"] = {name: _by(facts, name) for name in DIMENSIONS}
    return result


def _by(facts: list[Fact], name: str) -> dict[str, Any]:
    found = {}
    for each in {f.groups[name] for f in facts if f.groups.get(name) is not None}:
        own = [f for f in facts if f.groups.get(name) == each]
        found[str(each)] = figures(own, by=False)
        if name == "campaign":
            kinds = ("openers", "clickers", "unsubscribes", "direct", "influenced")
            people = {k: {f.value for f in own if f.kind == k} for k in kinds}
            sent = {f.value for f in own if f.kind == "sent"}
            found[str(each)] |= {"sent": len(sent), **{k: len(v) for k, v in people.items()}}
    return found


def percent(part: int, whole: int) -> float | None:
    """A share in percent; null without a denominator."""
    return 100 * part / whole if whole else None


def median(values: list[float]) -> float | None:
    """The median, null of nothing; an answer that disorder puts before its question took no time."""
    return statistics.median([max(v, 0) for v in values]) if values else None


def money(facts: list[Fact]) -> dict[str, str]:
    """The sum of each currency as text."""
    sums: dict[str, Decimal] = {}
    for fact in facts:
        sums[fact.groups["currency"]] = sums.get(fact.groups["currency"], Decimal(0)) + fact.value
    return {currency: str(total) for currency, total in sums.items()}


def _facts(customer: Customer, end: int) -> list[Fact]:
    source = mail.latest_attribute(customer.events, "acquisition_source")
    found = [*_support(customer, end), *_campaigns(customer), *_reached(customer)]
    for event in customer.events:
        groups = {"product": event.get("product"), "stage": event.stage_after}
        if event.topic == "surveys":
            found.append(Fact(event.kind, event.at, groups, event.get("score")))
        if event.topic == "purchases" and event.kind in (*value.PURCHASES, "refunded"):
            sign = -1 if event.kind == "refunded" else 1
            bill = {"currency": event.get("currency"), "recurring": event.get("recurring")}
            found.append(Fact("money", event.at, bill, sign * event.get("amount")))
            if event.kind != "refunded":
                found.append(Fact("order", event.at, bill))
    for fact in found:
        fact.groups["acquisition_source"] = source
    return found


def _support(customer: Customer, end: int) -> list[Fact]:
    desk = Desk(customer.events, end, customer.policy)

    def fact(kind: str, ticket: Ticket, at: int, number: Any = None) -> Fact:
        return Fact(kind, at, dict(ticket.fields), number)

    found = [fact("confirmed", t, due) for t, due in desk.confirmed]
    found += [fact("missed", t, e.at) for t, e in desk.missed]
    found += [fact("pending", t, t.judged.at) for t in desk.tickets.values() if t.outcome == "pending" and t.judged]
    for kind in ("created", "solved", "escalated", "reopened"):
        found += [fact(kind, t, e.at) for t, e in getattr(desk, kind)]
    found += [fact(rule, t, at) for rule, t, at in customer.overdue]
    every = [*desk.tickets.values(), *desk.forgotten]
    for ticket in every:
        replies = [e.at for e in ticket.events if e.kind == "agent_replied"]
        if ticket.created and replies:
            found.append(fact("first_reply", ticket, min(replies), (min(replies) - ticket.created.at) / 1000))
        found += [fact("csat", ticket, e.at, e.get("score")) for e in ticket.events if e.kind == "rated"]
    solved_first: list[object] = []
    for ticket, event in desk.solved:
        if ticket.created and ticket not in solved_first:
            solved_first.append(ticket)
            found.append(fact("resolution", ticket, event.at, (event.at - ticket.created.at) / 1000))
    return found


def _campaigns(customer: Customer) -> list[Fact]:
    found = []
    of_message = {s.get("message_id"): s.get("campaign_id") for s in mail.sends(customer.events)}
    names = {"sent": "sent", "opened": "openers", "clicked": "clickers", "unsubscribed": "unsubscribes"}
    for event in customer.events:
        if event.topic != "email" or event.kind not in names or not mail.commercial(event, customer.events):
            continue
        if event.kind == "opened" and not mail.personal(event):
            continue
        message = event.get("message_id")
        groups = {"campaign": of_message.get(message, event.get("campaign_id"))}
        unique = message if event.kind == "sent" else id(customer)
        found.append(Fact(names[event.kind], event.at, groups, unique))
    found += [Fact(how, e.at, {"campaign": campaign}, id(customer)) for campaign, how, e in customer.responses]
    return found


def _reached(customer: Customer) -> list[Fact]:
    found: list[Fact] = []
    reached = -1
    for event in customer.events:
        now = STAGES.index(event.stage_after or "subscriber")
        found.extend(Fact("stage", event.at, {}, stage) for stage in STAGES[reached + 1 : now + 1])
        reached = max(reached, now)
    return found


def _conversion(run: Replay, leads: int) -> dict[str, float | None]:
    result = {}
    for name, rule in run.policy["customer_definitions"].items():
        met = 0
        for customer, end in [*((c, run.now) for c in run.customers.values()), *run.gone]:
            bought = [p for p in value.purchases(customer.events) if end - rule.get("within", end + 1) < p.at <= end]
            enough = len(bought) >= rule.get("orders", 0)
            spent = value.revenue(customer.events, run.policy["currency"])
            met += enough and ("revenue" not in rule or spent >= Decimal(str(rule["revenue"])))
        result[name] = percent(met, leads)
    return result
