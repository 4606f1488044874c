"""The contact allowance: whether a commercial message may be sent, why not, and from when (CONTRACT 4, B8, B18)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from schemas.times import DAY
from streams import support
from streams.mail import episode_start

if TYPE_CHECKING:
    from schemas.policy import Policy
    from streams.state import Customer, Mail

WEEK = 7 * DAY
ENDS_BY_TIME = frozenset({"schedule", "rolling_cap", "open_escalation"})
"""The reasons that pass when nothing happens: the last when the ticket is forgotten. The others wait for an event."""


class Allowance(NamedTuple):
    """``reasons`` in the order of the contract; ``next_allowed_at`` in ms, None when allowed or no time ends it."""

    allowed: bool
    reasons: tuple[str, ...]
    next_allowed_at: int | None


def window(start: int, at: int, policy: Policy) -> tuple[int, int, int]:
    """The schedule's window that holds ``at`` in an episode: its first instant, its end, and its room."""
    contact = policy.contact
    first_end = start + contact.first.span
    if at < first_end:
        return start, first_end, contact.first.max
    weekly_end = start + contact.weekly_until
    if at < weekly_end:
        number = (at - first_end) // WEEK
        begin = first_end + number * WEEK
        return begin, min(begin + WEEK, weekly_end), 1
    base = max(first_end, weekly_end)
    number = (at - base) // contact.later.span
    begin = base + number * contact.later.span
    return begin, begin + contact.later.span, contact.later.max


def schedule_denies_until(mail: Mail, at: int, policy: Policy) -> int | None:
    """When the schedule next has room, or None when it has room at ``at``; what was sent after ``at`` takes none."""
    start = episode_start(mail.sends, at, policy.contact.gap, mail.anchor)
    if start is None:
        return None
    known = [sent for sent in mail.sends if sent <= at]
    last = known[-1] if known else start
    moment = at
    while True:
        if moment - last >= policy.contact.gap:
            return None if moment == at else moment
        begin, end, room = window(start, moment, policy)
        if sum(1 for sent in known if begin <= sent < end) < room:
            return None if moment == at else moment
        moment = min(end, last + policy.contact.gap)


def cap_denies_until(mail: Mail, at: int, policy: Policy) -> int | None:
    """When every rolling cap next has room, or None when all have room at ``at``."""
    latest = None
    for cap in policy.contact.rolling:
        inside = [sent for sent in mail.sends if at - cap.span < sent <= at]
        if len(inside) >= cap.max:
            free = inside[len(inside) - cap.max] + cap.span
            latest = free if latest is None else max(latest, free)
    return latest


def reasons_at(customer: Customer, at: int, policy: Policy) -> tuple[str, ...]:
    """All reasons that deny contact at ``at``, in the order of the contract."""
    mail = customer.mail
    consent = customer.profile.get("marketing_consent")
    found = (
        ("schedule", bool(mail.sends) and schedule_denies_until(mail, at, policy) is not None),
        ("rolling_cap", bool(mail.sends) and cap_denies_until(mail, at, policy) is not None),
        ("unsubscribed", mail.unsubscribed),
        ("complained", mail.complained),
        ("hard_bounced", mail.hard_bounced),
        ("no_consent", consent is not None and consent.value is False),
        ("fatigued", mail.fatigued),
        ("open_escalation", bool(customer.tickets) and bool(support.open_escalations(customer, at, policy))),
    )
    return tuple(name for name, holds in found if holds)


def allowance(customer: Customer, at: int, policy: Policy) -> Allowance:
    """Whether this customer may be sent a commercial message at ``at``."""
    reasons = reasons_at(customer, at, policy)
    if not reasons:
        return Allowance(True, (), None)
    if not ENDS_BY_TIME.issuperset(reasons):
        return Allowance(False, reasons, None)
    forgotten = [
        customer.tickets[name].touched + policy.ticket_retention
        for name in support.open_escalations(customer, at, policy)
    ]
    return Allowance(False, reasons, first_free(customer.mail, max((at, *forgotten)), policy))


def first_free(mail: Mail, at: int, policy: Policy) -> int:
    """The first instant from ``at`` on at which neither schedule nor rolling cap denies, if nothing more is sent."""
    moment = at
    while True:
        later = [
            until
            for until in (schedule_denies_until(mail, moment, policy), cap_denies_until(mail, moment, policy))
            if until is not None
        ]
        if not later:
            return moment
        moment = max(later)
