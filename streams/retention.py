"""Customers of whom nothing was heard for the policy's ``customer_retention`` are forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams import measures
from streams.outcome import Outcome
from streams.state import Erased

if TYPE_CHECKING:
    from streams.work import Work

TIMER = "~retention"
"""Sorts after every rule, so that what falls due at the same instant is told first."""


def set_timer(work: Work) -> None:
    """Be woken when the customer is to be forgotten."""
    span = work.policy.customer_retention
    if span is not None:
        work.set_timer(TIMER, work.after.last_seen + span)


def kept(work: Work, outcome: Outcome) -> Outcome:
    """The outcome, with nothing left of a customer who is to be forgotten by now but when it was erased."""
    after, span = work.after, work.policy.customer_retention
    if span is None or after.last_seen + span > work.now:
        return outcome
    left = None if after.erased_at is None else Erased(after.erased_at)
    facts = (*outcome.facts, *measures.forgotten(after, work.now, work.policy))
    return Outcome(left, outcome.emissions, None, outcome.disposition, facts)
