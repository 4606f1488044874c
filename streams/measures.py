"""What a decision adds to the figures across customers (CONTRACT 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from schemas.events import ProfileErased
    from schemas.policy import Policy
    from streams.state import Customer
    from streams.work import Work


class Fact(NamedTuple):
    """``amount`` more of ``figure`` on a day, for one value of one dimension (None: overall)."""

    figure: str
    day: int
    amount: float = 1
    dimension: str | None = None
    value: str | None = None


def measure(work: Work) -> tuple[Fact, ...]:
    """The facts of a decision."""
    _ = work
    return ()


def erased(state: Customer, event: ProfileErased) -> tuple[Fact, ...]:
    """The facts of an erasure: what was counted stays, what was pending is so no more (CONTRACT B31)."""
    _ = state, event
    return ()


def forgotten(state: Customer, now: int, policy: Policy) -> tuple[Fact, ...]:
    """The facts of a customer let go after the retention."""
    _ = state, now, policy
    return ()
