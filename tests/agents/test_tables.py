"""The customers of a lane: what is read, what is written, and what the changelog brings back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from agents.changelog import LaneRecord, customer_key, erasure_key, pack, unpack_due, unpack_state
from agents.stores import MemoryStore, RocksStore, Store
from agents.tables import Customers, lane_change
from streams import codec
from streams.state import Customer, Erased


class Record(NamedTuple):
    key: bytes
    value: bytes | None


class Heap(dict[str, int]):
    def arm_all(self, due: Mapping[str, int]) -> None:
        self.update(due)


def customer(customer_id: str, seen: int = 1) -> Customer:
    return Customer(customer_id=customer_id, first_seen=seen, last_seen=seen, now=seen)


@pytest.fixture(params=["memory", "rocksdb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "memory":
        return MemoryStore()
    pytest.importorskip("rocksdict")
    return RocksStore(tmp_path / "db", 20)


def settle(table: Customers, states: dict[str, Customer | Erased | None], position: int = 1) -> list[Record]:
    for customer_id, state in states.items():
        table.put(customer_id, state)
    changes = table.changes(states)
    table.settle(changes, position)
    return [Record(*change) for change in changes]


def test_a_customer_is_seen_as_soon_as_it_is_put_and_stored_when_it_is_settled(store: Store) -> None:
    table = Customers(store, 10)
    table.put("ann", customer("ann"))
    assert table.get("ann") == customer("ann")
    assert store.get(customer_key("ann")) is None
    settle(table, {"ann": customer("ann")})
    assert codec.decode(unpack_state(store.get(customer_key("ann")) or b"")) == customer("ann")
    assert table.count == 1


def test_more_customers_than_are_kept_decoded_are_still_all_there(store: Store) -> None:
    table = Customers(store, 2)
    settle(table, {name: customer(name) for name in "abcdef"})
    assert [table.get(name) for name in "abcdef"] == [customer(name) for name in "abcdef"]


def test_the_changelog_brings_back_the_same_customers(store: Store) -> None:
    table = Customers(store, 10)
    written = settle(table, {name: customer(name, ord(name)) for name in "abc"})
    written += settle(table, {"b": None})
    other = Customers(MemoryStore(), 10)
    other.read_back(written, 9)
    assert other.arm(Heap()) == 2
    assert [other.get(name) for name in "abc"] == [customer("a", 97), None, customer("c", 99)]
    assert other.store.position == 9


def test_an_erased_customer_leaves_a_mark_that_names_nobody(store: Store) -> None:
    table = Customers(store, 10)
    settle(table, {"ann": customer("ann")})
    written = settle(table, {"ann": Erased(erased_at=5)})
    assert written[0] == Record(customer_key("ann"), None)
    assert not any(b"ann" in record.key + (record.value or b"") for record in written[1:])
    table.forget_decoded()
    assert table.get("ann") == Erased(erased_at=5)
    assert table.count == 0


def test_a_customer_that_comes_anew_after_an_erasure_takes_the_mark_away(store: Store) -> None:
    table = Customers(store, 10)
    settle(table, {"ann": Erased(erased_at=5)})
    settle(table, {"ann": customer("ann", 9)})
    table.forget_decoded()
    assert table.get("ann") == customer("ann", 9)
    assert store.get(erasure_key("ann")) is None


def test_an_erasure_is_known_after_recovery(store: Store) -> None:
    written = settle(Customers(MemoryStore(), 10), {"ann": Erased(erased_at=5)})
    table = Customers(store, 10)
    table.read_back(written, 1)
    assert table.get("ann") == Erased(erased_at=5)


def test_the_lane_s_own_record_comes_back(store: Store) -> None:
    table = Customers(store, 10)
    assert table.lane_record() == LaneRecord({}, 0)
    table.settle([lane_change(LaneRecord({"email": 7}, 99))], 1)
    assert table.lane_record() == LaneRecord({"email": 7}, 99)


@pytest.mark.parametrize("due", [None, 0, 1_767_268_800_000])
def test_a_due_time_travels_in_front_of_the_state(due: int | None) -> None:
    value = pack(b"state", due)
    assert (unpack_due(value), unpack_state(value)) == (due, b"state")


def test_rocksdb_comes_back_with_its_position(tmp_path: Path) -> None:
    pytest.importorskip("rocksdict")
    first = RocksStore(tmp_path / "db", 20)
    settle(Customers(first, 10), {"ann": customer("ann")}, 42)
    first.close()
    second = RocksStore(tmp_path / "db", 20)
    assert second.position == 42
    assert Customers(second, 10).get("ann") == customer("ann")
    second.clear()
    assert (second.position, second.get(customer_key("ann"))) == (0, None)
    second.close()


def test_rocksdb_that_was_not_written_for_too_long_is_not_trusted(tmp_path: Path) -> None:
    pytest.importorskip("rocksdict")
    first = RocksStore(tmp_path / "db", 20)
    settle(Customers(first, 10), {"ann": customer("ann")}, 42)
    first.close()
    second = RocksStore(tmp_path / "db", -1)
    assert (second.position, list(second.items())) == (0, [])
    second.close()
