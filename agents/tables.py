"""The table of customers of one lane: bytes in a store, the latest ones also decoded, changes held until delivered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

import msgspec

from agents.changelog import (
    CUSTOMER,
    ERASURE,
    FIGURE,
    LANE_KEY,
    Change,
    LaneRecord,
    customer_key,
    erasure_key,
    pack,
    unpack_due,
    unpack_state,
)
from streams import codec
from streams.state import Customer, Erased

if TYPE_CHECKING:
    from agents.stores import Store

State = Customer | Erased
_LARGE = 300_000
"""Bytes from which a customer is measured at each event."""
_lane_decoder = msgspec.msgpack.Decoder(LaneRecord)
_lane_encoder = msgspec.msgpack.Encoder()


class Arming(Protocol):
    """Where timers are set when a lane is recovered."""

    def arm_all(self, due: Mapping[str, int]) -> None:
        """Wake these customers at these instants (ms)."""


class Customers:
    """What the core lane reads and writes. ``decoded`` bounds the customers kept decoded beside their bytes.

    A ``put`` is seen by ``get`` at once, and reaches the store only with ``settle``, after its chunk was delivered.
    """

    def __init__(self, store: Store, decoded: int) -> None:
        self.store = store
        self._decoded = decoded
        self._cache: dict[str, State] = {}
        self._changed: dict[str, State | None] = {}
        self._marks = False
        self.rows: list[Change] = []
        """What the lane had counted for the figures across customers, as ``arm`` found it."""
        self.count = 0
        """Customers in the store."""
        self.state_bytes = 0
        self.largest_bytes = 0
        """The largest state since the lane was recovered."""
        self.large: set[str] = set()
        """Customers whose state has become large."""

    def get(self, customer_id: str) -> State | None:
        """The customer, the mark of an erasure, or None when unknown."""
        if customer_id in self._changed:
            return self._changed[customer_id]
        state = self._cache.get(customer_id)
        if state is not None:
            return state
        value = self.store.get(customer_key(customer_id))
        if value is None and self._marks:
            value = self.store.get(erasure_key(customer_id))
        if value is None:
            return None
        state = codec.decode(unpack_state(value))
        self._keep(customer_id, state)
        return state

    def names(self) -> Iterator[str]:
        """The customers in the store; it may be written while they are gone through."""
        return (key[1:].decode() for key in self.store.names() if key[:1] == CUSTOMER)

    def look(self, customer_id: str) -> Customer | None:
        """A customer as delivered or as changed since, without a place among the decoded; None when gone."""
        state = self._changed[customer_id] if customer_id in self._changed else self._cache.get(customer_id)
        if state is None and customer_id not in self._changed:
            value = self.store.get(customer_key(customer_id))
            state = None if value is None else codec.decode(unpack_state(value))
        return state if isinstance(state, Customer) else None

    def put(self, customer_id: str, state: State | None) -> None:
        """The customer's new state; None forgets it."""
        self._changed[customer_id] = state

    def changes(self, states: Mapping[str, State | None]) -> list[Change]:
        """Changelog records of these states."""
        records: list[Change] = []
        for customer_id, state in states.items():
            if isinstance(state, Customer):
                records.append((customer_key(customer_id), pack(codec.encode(state), state.next_due)))
                if self._marks and self.store.get(mark := erasure_key(customer_id)) is not None:
                    records.append((mark, None))
                continue
            records.append((customer_key(customer_id), None))
            mark = erasure_key(customer_id)
            if state is not None:
                records.append((mark, pack(codec.encode(state), state.next_due)))
                self._marks = True
            elif self._marks:
                records.append((mark, None))
        return records

    def settle(self, changes: list[Change], position: int | None) -> None:
        """The chunk was delivered: into the store. ``position`` is the changelog offset after it, None if unknown."""
        for key, value in changes:
            if key[:1] == CUSTOMER:
                self._measure(self.store.get(key), value)
                self._note(key, value)
        self.store.write(changes, position)
        for customer_id, state in self._changed.items():
            if state is None:
                self._cache.pop(customer_id, None)
            else:
                self._keep(customer_id, state)
        self._changed.clear()

    def _note(self, key: bytes, value: bytes | None) -> None:
        if value is not None and len(value) > _LARGE:
            self.large.add(key[1:].decode())
        elif self.large:
            self.large.discard(key[1:].decode())

    def read_back(self, changes: list[Change], position: int) -> None:
        """Changelog records, as recovery reads them, in another thread; ``position`` is the offset after them."""
        self._marks = self._marks or any(key[:1] == ERASURE for key, _ in changes)
        self.store.write(changes, position)

    def forget_decoded(self) -> None:
        """The bytes were changed by others: read them again."""
        self._cache.clear()
        self._changed.clear()

    def arm(self, lane: Arming) -> int:
        """Set the timers of all customers; returns how many customers there are."""
        self.rows = []
        sizes: list[int] = []
        due: dict[str, int] = {}
        for key, value in self.store.items():
            kind = key[:1]
            if kind == CUSTOMER:
                sizes.append(len(value))
                self._note(key, value)
                at = unpack_due(value)
                if at is not None:
                    due[key[1:].decode()] = at
            elif kind == ERASURE:
                self._marks = True
            elif kind == FIGURE:
                self.rows.append((key, value))
        lane.arm_all(due)
        self.count, self.state_bytes, self.largest_bytes = len(sizes), sum(sizes), max(sizes, default=0)
        return self.count

    def lane_record(self) -> LaneRecord:
        """What the lane knew of itself when it was last delivered."""
        value = self.store.get(LANE_KEY)
        return LaneRecord({}, 0) if value is None else _lane_decoder.decode(value)

    def customers(self) -> Iterator[tuple[str, State]]:
        """All customers, decoded one at a time."""
        for key, value in self.store.items():
            if key[:1] == CUSTOMER:
                yield key[1:].decode(), codec.decode(unpack_state(value))

    def _measure(self, before: bytes | None, after: bytes | None) -> None:
        self.count += (after is not None) - (before is not None)
        self.state_bytes += len(after or b"") - len(before or b"")
        self.largest_bytes = max(self.largest_bytes, len(after or b""))

    def _keep(self, customer_id: str, state: State) -> None:
        cache = self._cache
        cache.pop(customer_id, None)
        cache[customer_id] = state
        if len(cache) > self._decoded:
            del cache[next(iter(cache))]


def lane_change(record: LaneRecord) -> Change:
    """The changelog record of a lane."""
    return LANE_KEY, _lane_encoder.encode(record)
