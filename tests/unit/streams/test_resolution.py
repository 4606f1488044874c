"""The resolution clock of a ticket."""

from __future__ import annotations

from itertools import permutations

import pytest

from streams import resolution
from streams.resolution import AGENT, CUSTOMER, REOPENED, SOLVED
from streams.state import Ticket

MOVES = [(10, AGENT), (30, CUSTOMER), (45, SOLVED), (80, REOPENED)]


def clock(*moves: tuple[int, str], created_at: int | None = 0) -> tuple[int, int | None]:
    """The clock of a ticket that was moved so."""
    ticket = Ticket(touched=0, created_at=created_at)
    for at, move in moves:
        resolution.note(ticket, at, move)
    return resolution.read(ticket)


@pytest.mark.parametrize(
    ("moves", "elapsed", "since"),
    [
        ([], 0, 0),
        (MOVES[:1], 10, None),
        (MOVES[:2], 10, 30),
        (MOVES[:3], 25, None),
        (MOVES, 25, 80),
        ([(10, AGENT), (12, AGENT), (20, CUSTOMER)], 10, 20),
        ([(10, AGENT), (15, REOPENED)], 10, 15),
        ([(10, AGENT), (15, SOLVED), (20, REOPENED)], 10, 20),
        ([(10, SOLVED), (15, CUSTOMER)], 10, None),
    ],
)
def test_time_on_the_clock_and_since_when_it_runs(
    moves: list[tuple[int, str]], elapsed: int, since: int | None
) -> None:
    assert clock(*moves) == (elapsed, since)


def test_the_order_in_which_moves_arrive_does_not_matter() -> None:
    assert {clock(*order) for order in permutations(MOVES)} == {(25, 80)}


def test_a_ticket_without_its_created_has_no_clock() -> None:
    assert clock(*MOVES, created_at=None) == (0, None)


def test_a_move_before_the_ticket_was_created_takes_no_time() -> None:
    assert clock((5, AGENT), (20, CUSTOMER), created_at=10) == (0, 20)


def test_a_long_log_is_cut_and_the_clock_stays_right() -> None:
    ticket, elapsed = Ticket(touched=0, created_at=0), 0
    for number in range(1, 500):
        resolution.note(ticket, number * 10, AGENT if number % 2 else CUSTOMER)
        elapsed += 10 if number % 2 else 0
    assert len(ticket.log) <= 64
    assert resolution.read(ticket) == (elapsed, None)


def test_the_log_of_a_ticket_without_its_created_stays_bounded() -> None:
    ticket = Ticket(touched=0)
    for number in range(2_000):
        resolution.note(ticket, number, AGENT)
    assert len(ticket.log) <= 256
