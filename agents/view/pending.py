"""What is to be written of one lane: each customer once, however often it changed, in the order of the first change."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import orjson

from schemas.outputs import CustomerErased, TriggerFired, envelope
from schemas.times import parse_instant
from streams.state import Customer

if TYPE_CHECKING:
    from agents.tables import State
    from schemas.outputs import Emission


def fired_at(trigger: bytes) -> int:
    """``at`` of a trigger as it is on the topic, in ms."""
    return parse_instant(orjson.loads(trigger)["data"]["at"])


class Entry:
    """One customer to be written. ``since`` is monotonic seconds; ``anew`` clears the triggers written before."""

    __slots__ = ("anew", "since", "triggers")

    def __init__(self, since: float) -> None:
        self.since = since
        self.triggers: list[bytes | TriggerFired] = []
        self.anew = False

    def fired(self) -> dict[bytes, int]:
        """The new triggers as they are on the topic, each with its ``at`` (ms)."""
        return {
            item if isinstance(item, bytes) else envelope(item): fired_at(item) if isinstance(item, bytes) else item.at
            for item in self.triggers
        }


class Pending:
    """Bounded: with more than ``most`` customers it gives up and says so in ``overflowed``; erasures are never lost."""

    def __init__(self, most: int, triggers: int) -> None:
        self.overflowed = False
        self._most = most
        self._triggers = triggers
        self._entries: OrderedDict[str, Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def oldest(self) -> float | None:
        """When the longest-waiting customer changed (monotonic seconds)."""
        return next(iter(self._entries.values())).since if self._entries else None

    def changed(self, states: Mapping[str, State | None], emissions: Iterable[Emission]) -> None:
        """Note what a chunk came to."""
        now = time.monotonic()
        for emission in emissions:
            if isinstance(emission, TriggerFired):
                self._add(self._entry(emission.customer_id, now), emission)
            elif isinstance(emission, CustomerErased):
                entry = self._entry(emission.customer_id, now)
                entry.triggers.clear()
                entry.anew = True
        for customer_id, state in states.items():
            entry = self._entry(customer_id, now)
            if not isinstance(state, Customer):
                entry.triggers.clear()
                entry.anew = True
        if len(self._entries) > self._most:
            self._entries = OrderedDict((name, entry) for name, entry in self._entries.items() if entry.anew)
            self.overflowed = True

    def recall(self, customer_id: str, trigger: bytes | None) -> None:
        """Note a customer that may not be in the view as it is, or a trigger that may be missing there."""
        entry = self._entry(customer_id, time.monotonic())
        if trigger is not None:
            self._add(entry, trigger)

    def take(self, count: int) -> dict[str, Entry]:
        """The customers that wait longest."""
        entries = self._entries
        return dict(entries.popitem(last=False) for _ in range(min(count, len(entries))))

    def put_back(self, batch: Mapping[str, Entry]) -> None:
        """They could not be written: they wait again, in front, with what came for them meanwhile."""
        for customer_id, entry in reversed(list(batch.items())):
            newer = self._entries.get(customer_id)
            if newer is not None:
                entry.triggers = newer.triggers if newer.anew else [*entry.triggers, *newer.triggers][-self._triggers :]
                entry.anew = entry.anew or newer.anew
            self._entries[customer_id] = entry
            self._entries.move_to_end(customer_id, last=False)

    def _entry(self, customer_id: str, now: float) -> Entry:
        entry = self._entries.get(customer_id)
        if entry is None:
            entry = self._entries[customer_id] = Entry(now)
        return entry

    def _add(self, entry: Entry, trigger: bytes | TriggerFired) -> None:
        entry.triggers.append(trigger)
        if len(entry.triggers) > 2 * self._triggers:
            del entry.triggers[: -self._triggers]
