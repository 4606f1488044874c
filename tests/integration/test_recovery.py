"""What a lane reads of its changelog on Apache Kafka: all of it, or what came since its state on disk was left."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agents.changelog import LaneRecord, customer_key
from agents.deliver import Delivery
from agents.footing import Footing
from agents.lanes.recovery import Recovered, recover
from agents.local.kafka import KafkaServer
from agents.settings import Settings
from agents.stores import MemoryStore, RocksStore, Store
from agents.tables import Customers, lane_change
from schemas.topics import INPUTS
from streams.state import Customer

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def settings(own_kafka_server: KafkaServer) -> Settings:
    chosen = Settings(bootstrap_servers=own_kafka_server.bootstrap_servers, application_id="r")
    for name in INPUTS:
        own_kafka_server.create_topic(name, 1)
    own_kafka_server.create_topic(chosen.changelog_topic, 1, compacted=True)
    return chosen


@asynccontextmanager
async def writing(settings: Settings) -> AsyncIterator[Delivery]:
    delivery = Delivery(settings, 0, "exactly_once")
    await delivery.open()
    try:
        yield delivery
    finally:
        await delivery.close()


async def deliver(delivery: Delivery, names: Iterable[str], seen: int) -> None:
    """One transaction: these customers, and the lane's own record."""
    states = {name: Customer(customer_id=name, first_seen=1, last_seen=seen, now=seen) for name in names}
    changes = Customers(MemoryStore(), 1).changes(states)
    await delivery.send((), [*changes, lane_change(LaneRecord({}, seen))])


async def recovered(settings: Settings, store: Store) -> tuple[Recovered, dict[str, int]]:
    customers = Customers(store, 10)
    found = await recover(settings, 0, customers, Footing(1, {}))
    return found, {name: int(state.last_seen) for name, state in customers.customers() if isinstance(state, Customer)}


async def test_state_on_disk_needs_only_what_came_since(settings: Settings, tmp_path: Path) -> None:
    pytest.importorskip("rocksdict")
    many = [f"c{number}" for number in range(20_000)]
    async with writing(settings) as delivery:
        await deliver(delivery, many, 1)
        store = RocksStore(tmp_path / "db", 20)
        found, held = await recovered(settings, store)
        assert (found.records, found.lane.now, held) == (20_001, 1, dict.fromkeys(many, 1))
        store.close()

        store = RocksStore(tmp_path / "db", 20)
        found, held = await recovered(settings, store)
        assert (found.records, found.lane.now, held) == (0, 1, dict.fromkeys(many, 1))
        store.close()

        await deliver(delivery, ["c7", "new"], 2)
        store = RocksStore(tmp_path / "db", 20)
        found, held = await recovered(settings, store)
        assert (found.records, found.lane.now) == (3, 2)
        assert held == dict.fromkeys(many, 1) | {"c7": 2, "new": 2}
        anew, same = await recovered(settings, MemoryStore())
        assert (anew.records, anew.lane, anew.positions, same) == (20_004, found.lane, found.positions, held)
        store.close()


async def test_state_on_disk_that_the_changelog_does_not_reach_is_read_anew(settings: Settings, tmp_path: Path) -> None:
    pytest.importorskip("rocksdict")
    async with writing(settings) as delivery:
        await deliver(delivery, ["ann"], 1)
        store = RocksStore(tmp_path / "db", 20)
        store.write([(customer_key("bob"), b"of another changelog")], 1_000_000)
        found, held = await recovered(settings, store)
        assert (found.records, held) == (2, {"ann": 1})
        store.close()


async def test_what_a_worker_had_not_committed_is_not_recovered(settings: Settings) -> None:
    async with writing(settings) as gone:
        await deliver(gone, ["ann"], 1)
        await gone._producer.begin_transaction()
        await gone._produce((), [(customer_key("bob"), b"of a chunk that was cut off")])
        async with writing(settings):
            found, held = await recovered(settings, MemoryStore())
    assert (found.records, held) == (2, {"ann": 1})
