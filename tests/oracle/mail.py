"""Messages, contact schedule, allowance and fatigue from the list of all events (CONTRACT 4, B8, B9, B17-B19)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from tests.oracle.decode import Ev
from tests.oracle.tickets import Desk

WEEK = 7 * 86_400_000
LATE_SENT_MEETS_WHAT_IS_KNOWN = True
"""How a late ``sent`` meets the reasons without a date of their own (B19): true takes them as known when it is applied,
false as they were when it occurred. The text allows both; the schedule and the caps go by ``occurred_at``."""
LASTING = {"unsubscribed", "complained", "hard_bounced", "no_consent", "fatigued"}


def in_time(events: list[Ev]) -> list[Ev]:
    """The events by ``occurred_at``, ties in order of arrival."""
    return sorted(events, key=lambda e: (e.at, e.seq))


def first_sents(events: list[Ev]) -> list[Ev]:
    """The first applied ``sent`` of each message, by time."""
    found: dict[str, Ev] = {}
    for event in events:
        if event.action == "email.sent":
            found.setdefault(event.get("message_id"), event)
    return in_time(list(found.values()))


def commercial(event: Ev, events: list[Ev]) -> bool:
    """Whether a mail event is of a commercial message, as far as ``events`` tell."""
    for sent in first_sents(events):
        if sent.get("message_id") == event.get("message_id"):
            return not sent.get("transactional")
    return not event.get("transactional")


def sends(events: list[Ev]) -> list[Ev]:
    """The first ``sent`` of each commercial message, by time."""
    return [e for e in first_sents(events) if not e.get("transactional")]


def personal(event: Ev) -> bool:
    """Whether it is an open by a person or a click."""
    return event.action == "email.clicked" or (event.action == "email.opened" and not event.get("machine_open"))


def touched_messages(events: list[Ev]) -> set[str]:
    """The messages that a person opened or clicked."""
    return {e.get("message_id") for e in events if personal(e)}


def messages(events: list[Ev], kind: str) -> set[str]:
    """The distinct commercial messages with at least one event of a kind (opened: by a person)."""
    transactional = {e.get("message_id"): e.get("transactional") for e in first_sents(events)}
    found = set()
    for event in events:
        if event.topic != "email" or event.kind != kind or (kind == "opened" and event.get("machine_open")):
            continue
        if not transactional.get(event.get("message_id"), event.get("transactional")):
            found.add(event.get("message_id"))
    return found


def window(start: int, at: int, contact: dict[str, Any]) -> tuple[int, int, int]:
    """The window (from, to, room) of a schedule begun at ``start`` that holds ``at``."""
    begin, end, room = start, start + contact["first"]["span"], contact["first"]["max"]
    while at >= end:
        begin = end
        if end < start + contact["weekly_until"]:
            end, room = min(end + WEEK, start + contact["weekly_until"]), 1
        else:
            end, room = end + contact["later"]["span"], contact["later"]["max"]
    return begin, end, room


def schedule_start(times: list[int], contact: dict[str, Any]) -> int:
    """The start of the schedule that the last of these sends belongs to."""
    start = times[0]
    for before, after in pairwise(times):
        if after - before >= contact["gap"]:
            start = after
    return start


def schedule_allows(times: list[int], at: int, contact: dict[str, Any]) -> bool:
    """Whether the schedule has room at an instant, given the times of the sends so far."""
    times = [t for t in times if t <= at]
    if not times or at - times[-1] >= contact["gap"]:
        return True
    begin, end, room = window(schedule_start(times, contact), at, contact)
    return sum(1 for t in times if begin <= t < end) < room


def latest_attribute(events: list[Ev], name: str) -> Any:
    """The latest value of a profile attribute by ``occurred_at``."""
    value = None
    for event in in_time([e for e in events if e.action == "profiles.updated"]):
        value = event.get("attributes").get(name, value)
    return value


def reasons(events: list[Ev], at: int, fatigued: bool, policy: dict[str, Any], now: int = 0) -> list[str]:
    """Every reason against a commercial message at an instant, asked at ``now`` when that is later."""
    contact = policy["contact"]
    times = [e.at for e in sends(events) if e.at <= at]
    known = events if LATE_SENT_MEETS_WHAT_IS_KNOWN else [e for e in events if e.at <= at]
    kinds = {e.action for e in known if e.action != "email.bounced" or e.get("bounce_kind") == "hard"}
    desk = Desk(known, max(at, now), policy)
    holds = {
        "schedule": not schedule_allows(times, at, contact),
        "rolling_cap": any(sum(1 for t in times if at - c["span"] < t <= at) >= c["max"] for c in contact["rolling"]),
        "unsubscribed": "email.unsubscribed" in kinds,
        "complained": "email.complained" in kinds,
        "hard_bounced": "email.bounced" in kinds,
        "no_consent": latest_attribute(known, "marketing_consent") is False,
        "fatigued": fatigued,
        "open_escalation": any(t.escalations and not t.solved for t in desk.tickets.values()),
    }
    return [name for name, held in holds.items() if held]


def next_allowed(events: list[Ev], start: int, fatigued: bool, policy: dict[str, Any]) -> int | None:
    """The first instant from ``start`` on at which no reason holds if nothing more happens; None when there is none."""
    contact = policy["contact"]
    times = [e.at for e in sends(events)]
    moments = {start}
    if times:
        begin = schedule_start(times, contact)
        edge = begin
        while edge <= max(start, times[-1] + contact["gap"]) + contact["gap"]:
            edge = window(begin, edge, contact)[1]
            moments.add(edge)
        moments.add(times[-1] + contact["gap"])
        moments |= {t + cap["span"] for t in times for cap in contact["rolling"]}
    moments |= {t.touched + policy["ticket_retention"] for t in Desk(events, start, policy).tickets.values()}
    for moment in sorted(m for m in moments if m >= start):
        held = reasons(events, moment, fatigued, policy)
        if not held:
            return moment
        if LASTING & set(held):
            return None
    return None


def fatigue_holds(events: list[Ev], now: int, policy: dict[str, Any]) -> bool:
    """Whether the last messages of the age are mostly unopened."""
    rule = policy["fatigue"]
    aged = [e for e in sends(events) if now - e.at >= rule["age"]][-rule["messages"] :]
    touched = touched_messages(events)
    unopened = sum(1 for e in aged if e.get("message_id") not in touched)
    return len(aged) >= rule["at_least"] and unopened >= rule["unopened"] * len(aged)
