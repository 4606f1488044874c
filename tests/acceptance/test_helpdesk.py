"""A help desk's log of four years: 4,580 tickets, and its figures by product worked out again without the engine."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.times import DAY, parse_instant
from tests.acceptance.sources import Replayed, check_balance, check_bytes, check_schemas, convert_and_replay, source

WINDOW, RETENTION = 7 * DAY, 90 * DAY
FIGURES = ("created", "solved", "escalated", "reopened", "confirmed", "missed", "pending")
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    return convert_and_replay(
        "helpdesk", source("helpdesk_italian/helpdesk.csv.gz"), tmp_path_factory.mktemp("helpdesk")
    )


class Ticket:
    """What CONTRACT 3 asks of a ticket."""

    def __init__(self) -> None:
        self.product: str | None = None
        self.known = self.escalated = self.reopened = self.answered = self.solved = False
        self.replies = 0
        self.assignees: set[str] = set()
        self.outcome: str | None = None
        self.solved_at = self.touched = 0

    def provisional(self) -> bool:
        broken = self.escalated or self.reopened or self.answered or self.replies > 1 or len(self.assignees) > 1
        return not broken


def by_product(events: list[dict[str, Any]]) -> dict[str | None, Counter[str]]:
    """Tickets, reopenings, escalations and first-contact outcomes by product, from the events alone."""
    counts: dict[str | None, Counter[str]] = defaultdict(Counter)
    tickets: dict[tuple[str, str], Ticket] = {}
    of_customer: dict[str, set[tuple[str, str]]] = defaultdict(set)

    def decide(ticket: Ticket, outcome: str) -> None:
        ticket.outcome = outcome
        counts[ticket.product][outcome] += 1

    def breaks(ticket: Ticket, at: int) -> bool:
        return ticket.outcome == "pending" and ticket.solved_at <= at < ticket.solved_at + WINDOW

    def settle(at: int) -> None:
        for ticket in tickets.values():
            if ticket.outcome == "pending" and ticket.solved_at + WINDOW <= at:
                decide(ticket, "confirmed")

    for event in events:
        at, kind, key = parse_instant(event["occurred_at"]), event["type"], (event["customer_id"], event["ticket_id"])
        settle_one = tickets.get(key)
        if settle_one is not None and settle_one.outcome == "pending" and settle_one.solved_at + WINDOW <= at:
            decide(settle_one, "confirmed")
        if key in tickets and tickets[key].touched + RETENTION <= at:
            del tickets[key]
        ticket = tickets.setdefault(key, Ticket())
        of_customer[key[0]].add(key)
        ticket.touched = at
        if kind == "created" and not ticket.known:
            ticket.known, ticket.product = True, event.get("product")
            counts[ticket.product]["created"] += 1
            for name in of_customer[key[0]] & tickets.keys():
                other = tickets[name]
                if other is not ticket and other.product == ticket.product and breaks(other, at):
                    decide(other, "missed")
        elif kind == "agent_replied":
            ticket.replies += 1
        elif kind == "customer_replied":
            ticket.answered = ticket.answered or ticket.replies > 0
        elif kind == "assigned" and event.get("assignee"):
            ticket.assignees.add(event["assignee"])
        elif kind == "escalated":
            ticket.escalated = True
            counts[ticket.product]["escalated"] += 1
        elif kind == "reopened":
            counts[ticket.product]["reopened"] += 1
            if breaks(ticket, at):
                decide(ticket, "missed")
            ticket.reopened = ticket.reopened or ticket.solved
            ticket.solved = False
        elif kind in ("solved", "closed") and not ticket.solved:
            ticket.solved, ticket.solved_at = True, at
            counts[ticket.product]["solved"] += 1
            if ticket.outcome is None:
                if ticket.provisional():
                    ticket.outcome = "pending"
                else:
                    decide(ticket, "missed")
    settle(parse_instant(events[-1]["occurred_at"]))
    for ticket in tickets.values():
        counts[ticket.product]["pending"] += ticket.outcome == "pending"
    return counts


def table(counts: dict[str | None, Counter[str]]) -> Iterator[str]:
    """The figures as lines."""
    yield f"{'product':12}" + "".join(f"{name:>11}" for name in FIGURES) + f"{'FCR %':>9}"
    for product, row in sorted(counts.items(), key=lambda item: -item[1]["created"]):
        rate = fcr_rate(row)
        shown = "-" if rate is None else f"{rate:.1f}"
        yield f"{product or 'unknown':12}" + "".join(f"{row[name]:>11,}" for name in FIGURES) + f"{shown:>9}"


def fcr_rate(row: Counter[str]) -> float | None:
    judged = row["confirmed"] + row["missed"]
    return 100 * row["confirmed"] / judged if judged else None


def test_the_figures_by_product_are_those_worked_out_without_the_engine(desk: Replayed) -> None:
    counts = by_product(desk.told("support-tickets"))
    print("\n" + "\n".join(table(counts)))
    found = desk.kpis["total"]["by"]["product"]
    assert set(found) == {product for product in counts if product is not None}
    for product, row in counts.items():
        if product is not None:
            assert told(found[product]) == ({name: row[name] for name in FIGURES}, pytest.approx(fcr_rate(row)))
    total = sum(counts.values(), Counter[str]())
    assert told(desk.kpis["total"]) == ({name: total[name] for name in FIGURES}, pytest.approx(fcr_rate(total)))


def told(part: dict[str, Any]) -> tuple[dict[str, int], float | None]:
    figures = {**part["tickets"], **part["fcr"]}
    return {name: figures[name] for name in FIGURES}, part["fcr"]["rate"]


def test_tickets_reopenings_and_escalations_are_the_published_ones(desk: Replayed) -> None:
    check_balance(desk)
    tickets = desk.kpis["total"]["tickets"]
    assert (tickets["created"], tickets["reopened"], tickets["escalated"]) == (4_580, 158, 119)
    assert desk.summary["customers"] == 397
    days = desk.kpis["by_day"].values()
    for name in ("created", "solved", "reopened", "escalated"):
        assert sum(day["tickets"][name] for day in days) == tickets[name]


def test_the_cases_of_the_log_are_the_published_ones(desk: Replayed) -> None:
    cases: dict[str, set[str]] = defaultdict(set)
    for event in desk.told("support-tickets"):
        cases[event["type"]].add(event["ticket_id"])
    assert {kind: len(cases[kind]) for kind in ("created", "reopened", "escalated")} == {
        "created": 4_580, "reopened": 149, "escalated": 102,
    }  # fmt: skip
    assert len(cases["created"] - cases["closed"]) == 21


def test_the_customers_the_triggers_and_the_figures_agree(desk: Replayed) -> None:
    fired = Counter(row["data"]["trigger"] for row in desk.wrote("triggers.jsonl"))
    kept: Counter[str] = Counter()
    for customer in desk.wrote("customers.jsonl"):
        kept.update(customer["tickets"])
    total = desk.kpis["total"]
    assert fired["first_contact_resolved"] == kept["fcr_confirmed"] == total["fcr"]["confirmed"] > 1_000
    assert fired["first_contact_missed"] == kept["fcr_missed"] == total["fcr"]["missed"] > 1_000
    assert fired["ticket_reopened"] == kept["reopened"] == 158
    assert fired["ticket_escalated"] == kept["escalated"] == 119
    assert fired["first_reply_overdue"] == total["tickets"]["first_reply_overdue"]
    assert fired["resolution_overdue"] == total["tickets"]["resolution_overdue"]


def test_a_second_replay_writes_the_same_bytes_and_all_of_it_is_valid(desk: Replayed, tmp_path: Path) -> None:
    check_bytes(desk, tmp_path)
    check_schemas(desk)
