"""How large a customer may become: less than a broker takes as one record, else the whole lane would stand still."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from schemas.deadletters import DeadLetter
from schemas.events import Event, ProfileErased
from streams import codec
from streams.state import Customer

if TYPE_CHECKING:
    from agents.tables import Customers

LARGEST_STATE: Final = 700_000
"""Bytes of an encoded customer and the event to come. Brokers take 1 MiB, and an event may be kept twice."""
_LOOK_AFTER: Final = 32_768
"""Bytes of events of one customer within a chunk after which its state is measured."""


class Weights:
    """Says of each event whether its customer would become too large. Almost all are judged without a measurement."""

    def __init__(self, customers: Customers) -> None:
        self._customers = customers
        self._fed: dict[str, int] = {}

    def begin(self) -> None:
        """A new chunk: what was delivered before is known by its size."""
        self._fed.clear()

    def refused(self, event: Event, size: int) -> DeadLetter | None:
        """The dead letter of an event of ``size`` bytes whose customer has no room for it. An erasure always has."""
        name = event.customer_id
        fed = self._fed[name] = self._fed.get(name, 0) + size
        if (fed < _LOOK_AFTER and name not in self._customers.large) or isinstance(event, ProfileErased):
            return None
        state = self._customers.get(name)
        weight = len(codec.encode(state)) if isinstance(state, Customer) else 0
        if weight + size > LARGEST_STATE:
            detail = f"value: the customer's state of {weight} bytes has room up to {LARGEST_STATE}, got {size} more"
            return DeadLetter("processing_error", detail)
        if weight < LARGEST_STATE // 2:
            self._fed[name] = 0
        return None
