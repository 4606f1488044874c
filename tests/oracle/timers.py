"""What falls due by time alone, recomputed from the list of all events each time (CONTRACT 6, B1-B4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.oracle import conditions, facts, mail, score, tickets, value
from tests.oracle.customer import Customer
from tests.oracle.tickets import Desk


@dataclass
class Timer:
    """One timer: ``run`` is called with the instant; ``key`` is remembered so that it runs once."""

    due: int
    rule: str
    subject: str
    key: Any
    run: Callable[[int], None]


def timers(customer: Customer) -> list[Timer]:
    """Every timer of a customer that has not run, earliest first."""
    found = [*_level(customer), *_behaviour(customer), *_mail(customer), *_tickets(customer), *_purchases(customer),
             *_absences(customer)]  # fmt: skip
    waiting = [t for t in found if t.key not in customer.done]
    return sorted(waiting, key=lambda t: (t.due, t.rule, t.subject))


def _level(customer: Customer) -> list[Timer]:
    due = score.next_fall(customer.events, customer.told["level"], customer.base, customer.policy)
    if due is None:
        return []
    return [Timer(due, "", "", ("level", due), lambda at: customer.judge_score(at, "timer"))]


def _simple(customer: Customer, due: int, rule: str, subject: str | None, anchor: Any, when: bool = True) -> Timer:
    def run(at: int) -> None:
        if when:
            lifted = customer.lifted_by if rule == "contact_due" else None
            customer.fire(rule, subject, lifted or "timer", at)

    return Timer(due, rule, subject or "", (rule, subject, anchor), run)


def _behaviour(customer: Customer) -> list[Timer]:
    events, rules = customer.events, customer.policy["triggers"]
    active = mail.in_time([e for e in events if facts.is_activity(e)])
    last = active[-1] if active else mail.in_time(events)[0]
    quiet = _simple(
        customer, last.at + rules["going_quiet"]["after"], "going_quiet", None, last.seq, last.level_after != "low"
    )
    found = [quiet]
    carts = mail.in_time([e for e in events if e.action in ("clickstream.add_to_cart", "clickstream.checkout_started")])
    if carts:
        bought = any(p.at >= carts[-1].at for p in value.purchases(events))
        due = carts[-1].at + rules["cart_abandoned"]["after"]
        found.append(_simple(customer, due, "cart_abandoned", None, carts[-1].seq, not bought))
    return found


def _mail(customer: Customer) -> list[Timer]:
    events, policy = customer.events, customer.policy
    found = []
    sends = mail.sends(events)

    def judge(at: int) -> None:
        if not customer.fatigued and mail.fatigue_holds(events, at, policy):
            customer.fatigued = True
            customer.fire("fatigued", None, "timer", at)

    for sent in sends:
        key = ("fatigued", sent.get("message_id"))
        found.append(Timer(sent.at + policy["fatigue"]["age"], "fatigued", "", key, judge))
    if sends and not mail.schedule_allows([s.at for s in sends], sends[-1].at, policy["contact"]):
        last = sends[-1]
        start = max(last.at + policy["triggers"]["contact_due"]["after"], customer.base)
        due = mail.next_allowed(events, start, customer.fatigued, policy)
        if due is not None:
            found.append(_simple(customer, due, "contact_due", None, last.get("message_id")))
    return found


def _tickets(customer: Customer) -> list[Timer]:
    policy, found = customer.policy, []
    desk = Desk(customer.events, customer.base, policy)

    def overdue(rule: str, ticket: tickets.Ticket) -> Callable[[int], None]:
        def run(at: int) -> None:
            customer.overdue.append((rule, ticket, at))
            customer.fire(rule, ticket.id, "timer", at)

        return run

    for ticket in desk.tickets.values():
        for rule, due in (
            ("first_reply_overdue", tickets.first_reply_due(ticket, policy)),
            ("resolution_overdue", tickets.resolution_due(ticket, policy)),
        ):
            if due is not None and ticket.created is not None:
                key = (rule, ticket.id, ticket.events[0].seq)
                found.append(Timer(due, rule, ticket.id, key, overdue(rule, ticket)))
    judged = [t for t in desk.tickets.values() if t.outcome == "pending"] + [t for t, _ in desk.confirmed]
    for ticket in judged:
        if ticket.judged:
            due = tickets.due_of(ticket, policy)
            found.append(_simple(customer, due, "first_contact_resolved", ticket.id, ticket.judged.seq))
    return found


def _purchases(customer: Customer) -> list[Timer]:
    events, rules = customer.events, customer.policy["triggers"]
    bought, found = value.purchases(events), []
    if not bought and not any(e.kind in ("solved", "closed") for e in events):
        return []
    overdue = value.overdue_at(events, customer.policy)
    if overdue is not None:
        found.append(_simple(customer, overdue, "purchase_overdue", None, bought[-1].seq))
    if bought:
        due = bought[0].at + rules["thank_you_due"]["after"]
        found.append(_simple(customer, due, "thank_you_due", None, "first"))
    desk = Desk(events, customer.base, customer.policy)
    moments = [(e, True) for e in bought] + [(e, t.solved is not None) for t, e in desk.solved]
    for event, wanted in moments:
        due = event.at + rules["feedback_due"]["after"]
        timer = _simple(customer, due, "feedback_due", None, event.seq)

        def run(at: int, wanted: bool = wanted) -> None:
            told = [e for e in events if e.topic == "surveys" or e.action == "support-tickets.rated"]
            asked = any(at - rules["feedback_due"]["quiet"] < e.at <= at for e in told)
            if wanted and not asked:
                customer.fire("feedback_due", None, "timer", at)

        timer.run = run
        found.append(timer)
    return found


def _absences(customer: Customer) -> list[Timer]:
    found = []
    for rule in customer.policy["rules"]:
        clause = rule["when"]
        if "absence" not in clause:
            continue
        for since in conditions.matching(customer.events, clause["since"]):
            seen = conditions.matching(customer.events, clause["absence"])
            broken = any(since.at <= e.at < since.at + clause["for"] for e in seen)
            timer = _simple(customer, since.at + clause["for"], rule["name"], None, since.seq)

            def run(at: int, rule: dict[str, Any] = rule, broken: bool = broken) -> None:
                unless = "unless" in rule and conditions.met(rule["unless"], customer.events, at)
                if not broken and not unless:
                    customer.fire(rule["name"], None, "timer", at)

            timer.run = run
            found.append(timer)
    return found
