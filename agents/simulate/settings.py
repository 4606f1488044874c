"""What is to be simulated."""

from __future__ import annotations

from typing import Final

import msgspec

from schemas.times import DAY, EARLIEST, LATEST, parse_instant

EVENTS_PER_CUSTOMER_DAY: Final = 0.5
"""How lively the customers are when no number of events is asked for."""
START: Final = parse_instant("2026-01-01T00:00:00Z")


class SettingsError(ValueError):
    """Settings that make no sense: one line names the setting and what was expected.

    Operator action: correct the option named in the message.
    """


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The same settings give the same bytes.

    ``start`` is ms since 1970 UTC. ``events`` is how many to make (None: by the number of customers and days). ``zipf``
    is the exponent of how unevenly the customers share them (0: evenly). ``dirty`` is the share of events that are
    repeated, late or invalid, 0 to 1.

    Raises:
        SettingsError: a value is out of range.
    """

    customers: int = 1_000
    days: int = 30
    seed: int = 1
    start: int = START
    events: int | None = None
    zipf: float = 0.6
    dirty: float = 0.0

    def __post_init__(self) -> None:
        for name in ("customers", "days", "events"):
            value = getattr(self, name)
            if value is not None and value < 1:
                message = f"{name}: expected 1 or more, got {value}"
                raise SettingsError(message)
        if not 0 <= self.zipf <= 5:
            message = f"zipf: expected 0 to 5, got {self.zipf}"
            raise SettingsError(message)
        if not 0 <= self.dirty <= 1:
            message = f"dirty: expected a share from 0 to 1, got {self.dirty}"
            raise SettingsError(message)

        if not EARLIEST <= self.start < self.end <= LATEST:
            message = f"start: expected days within the years 1 to 9999, got {self.days} days from {self.start} ms"
            raise SettingsError(message)

    @property
    def end(self) -> int:
        """The first instant after the simulated days (ms)."""
        return self.start + self.days * DAY

    @property
    def total(self) -> int:
        """How many events are made."""
        return self.events or max(1, round(self.customers * self.days * EVENTS_PER_CUSTOMER_DAY))
