"""Facts of tickets, found by comparing each ticket before and after (CONTRACT 3, 7, B17).

What an event did is counted on the event's day, a confirmation on the day the window ended, an overdue target on the
day it was found so, a pending ticket on the day it was solved. Slices are the ticket's product and channel, and the
customer's stage at its creation. A ticket whose ``created`` has not come yet has none of them; what was counted of it
is remembered, and joins its slices when ``created`` comes. Times to reply and to resolve count once for each ticket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import TicketRated
from schemas.times import DAY
from streams.feedback import SATISFIED_AT_LEAST
from streams.figures.fact import OVERALL, Fact, Slice
from streams.figures.spans import bucket

if TYPE_CHECKING:
    from streams.state import Ticket
    from streams.work import Work

_ROWS_KEPT = 64
_OVERDUE = ("first_reply_overdue", "resolution_overdue")
Row = tuple[str, int, int]


def facts(work: Work) -> list[Fact]:
    """The facts of every ticket that this decision changed."""
    known = {} if work.before is None else work.before.tickets
    found: list[Fact] = []
    for name, ticket in work.after.tickets.items():
        old = known.get(name)
        if old is not ticket:
            found += _of_ticket(work, name, old, ticket)
    return found


def slices(ticket: Ticket) -> tuple[Slice, ...]:
    """Where a ticket counts besides overall."""
    if ticket.created_at is None:
        return ()
    named = (("product", ticket.product), ("channel", ticket.channel), ("stage", ticket.stage))
    return tuple((dimension, value) for dimension, value in named if value is not None)


def _of_ticket(work: Work, name: str, old: Ticket | None, ticket: Ticket) -> list[Fact]:
    rows = _rows(work, name, old, ticket)
    if not rows and not ticket.counted:
        return []
    own = slices(ticket)
    found = [Fact(figure, day, amount, (OVERALL, *own)) for figure, day, amount in rows]
    if ticket.created_at is None:
        ticket.counted = (*ticket.counted, *rows)[-_ROWS_KEPT:]
    elif ticket.counted:
        found += [Fact(figure, day, amount, own) for figure, day, amount in ticket.counted]
        ticket.counted = ()
    return found


def _rows(work: Work, name: str, old: Ticket | None, ticket: Ticket) -> list[Row]:
    event = work.event
    day = int(work.now if event is None else event.occurred_at) // DAY
    rows: list[Row] = []
    if ticket.created_at is not None and (old is None or old.created_at is None):
        rows.append(("created", ticket.created_at // DAY, 1))
    solves, escalations, reopens = (old.solves, old.escalations, old.reopens) if old else (0, 0, 0)
    if ticket.solves != solves:
        rows.append(("solved", day, ticket.solves - solves))
    if ticket.escalations != escalations:
        rows.append(("escalated", day, ticket.escalations - escalations))
    if ticket.reopens != reopens:
        rows.append(("reopened", day, ticket.reopens - reopens))
    if ticket.outcome != (old.outcome if old else None):
        rows += _outcome(work, old, ticket, day)
    said = old.overdue if old else ()
    if ticket.overdue != said:
        passed = work.now // DAY
        rows += [(figure, passed, 1) for figure in _OVERDUE if figure in ticket.overdue and figure not in said]
    if ticket.created_at is not None:
        rows += _span("first_reply", _reply(old), _reply(ticket))
        rows += _span("resolution", _resolution(old), _resolution(ticket))
    if isinstance(event, TicketRated) and event.ticket_id == name:
        rows.append(("answers", day, 1))
        if event.score >= SATISFIED_AT_LEAST:
            rows.append(("satisfied", day, 1))
    return rows


def _outcome(work: Work, old: Ticket | None, ticket: Ticket, day: int) -> list[Row]:
    rows: list[Row] = []
    after = ticket.outcome
    if old is not None and old.outcome == "pending" and old.solved_at is not None:
        rows.append(("pending", old.solved_at // DAY, -1))
    if after == "missed":
        rows.append(("missed", day, 1))
    elif after is not None and ticket.solved_at is not None:
        ended = ticket.solved_at + (work.policy.fcr_window if after == "confirmed" else 0)
        rows.append((after, ended // DAY, 1))
    return rows


def _span(figure: str, before: tuple[int, int] | None, after: tuple[int, int] | None) -> list[Row]:
    """A span that became known, or another; each is (day, ms)."""
    if before == after:
        return []
    return [
        (f"{figure}:{bucket(known[1])}", known[0], amount)
        for known, amount in ((before, -1), (after, 1))
        if known is not None
    ]


def _reply(ticket: Ticket | None) -> tuple[int, int] | None:
    if ticket is None or ticket.created_at is None or ticket.first_reply_at is None:
        return None
    return ticket.first_reply_at // DAY, ticket.first_reply_at - ticket.created_at


def _resolution(ticket: Ticket | None) -> tuple[int, int] | None:
    if ticket is None or ticket.created_at is None or ticket.first_solved_at is None:
        return None
    return ticket.first_solved_at // DAY, ticket.first_solved_at - ticket.created_at
