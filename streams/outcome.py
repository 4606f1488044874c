"""What the core returns: the state after, what is to be sent, when it wants to be woken, and what to count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from schemas.outputs import CustomerErased, ScoreChange, TriggerFired
    from streams.figures.fact import Fact
    from streams.state import Customer, Erased

Disposition: TypeAlias = Literal["applied", "duplicate", "dropped"]
State: TypeAlias = "Customer | Erased | None"
Emission: TypeAlias = "ScoreChange | TriggerFired | CustomerErased"


class Outcome(NamedTuple):
    """The result of one decision; nothing in the input was changed.

    ``next_due`` is the instant (ms) at which ``wake`` wants to be called, or None.
    """

    state: State
    emissions: tuple[Emission, ...] = ()
    next_due: int | None = None
    disposition: Disposition = "applied"
    facts: tuple[Fact, ...] = ()
