"""The resolution clock of a ticket: it runs while the ticket is open and does not wait for the customer (B7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.state import Ticket

AGENT, CUSTOMER, SOLVED, REOPENED = "acsr"
_LOG_KEPT = 64


class Clock(NamedTuple):
    """Milliseconds ``elapsed`` when the clock was ``read_at`` (None: not yet started), and why it stands, if so."""

    elapsed: int = 0
    read_at: int | None = None
    waiting: bool = False
    solved: bool = False


def note(ticket: Ticket, at: int, move: str) -> None:
    """Remember what moves the clock, in order of time; the oldest half of a long log becomes one reading."""
    entries = sorted((*ticket.log, (at, move)), key=lambda entry: entry[0])
    if len(entries) > _LOG_KEPT and ticket.created_at is not None:
        half = _LOG_KEPT // 2
        ticket.clock = _run(Clock(*ticket.clock), entries[:half], ticket.created_at)
        entries = entries[half:]
    ticket.log = tuple(entries[-4 * _LOG_KEPT :])


def _run(clock: Clock, entries: Iterable[tuple[int, str]], created_at: int) -> Clock:
    elapsed, read_at, waiting, solved = clock
    if read_at is None:
        read_at = created_at
    for at, move in entries:
        moment = max(at, read_at)
        if not waiting and not solved:
            elapsed += moment - read_at
        read_at = moment
        if move == SOLVED:
            solved = True
        elif move == REOPENED:
            solved = waiting = False
        else:
            waiting = move == AGENT
    return Clock(elapsed, read_at, waiting, solved)


def read(ticket: Ticket) -> tuple[int, int | None]:
    """Time on the clock (ms) at its last move, and the instant since when it runs, or None while it stands."""
    if ticket.created_at is None:
        return 0, None
    clock = _run(Clock(*ticket.clock), ticket.log, ticket.created_at)
    return clock.elapsed, None if clock.waiting or clock.solved else clock.read_at
