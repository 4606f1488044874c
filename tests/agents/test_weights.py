"""No customer becomes larger than a broker takes, whatever is sent: one whom the changelog refuses stops a lane."""

from __future__ import annotations

from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from agents.changelog import customer_key
from agents.footing import Footing
from agents.lanes.buffers import entry
from agents.lanes.clocks import LaneClock
from agents.lanes.decide import Decider, Decision, combine_nothing
from agents.lanes.letters import LARGEST_LETTER
from agents.lanes.weights import LARGEST_STATE
from agents.stores import MemoryStore
from agents.tables import Customers
from schemas.decode import decode
from schemas.policy import load
from streams.lane import Lane
from tests.agents.running import Input, event

BROKER_TAKES = 1_000_000


class OneLane:
    """The deciding part of a lane over a store in memory."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.customers = Customers(store or MemoryStore(), 100)
        lane = Lane(self.customers, load(None))
        self.customers.arm(lane)
        clock = LaneClock(0, None, 1_000)
        self.decider = Decider(0, lane, self.customers, clock, combine_nothing, Footing(4, {}))
        self.offset = 0

    def chunk(self, *inputs: Input) -> Decision:
        for item in inputs:
            self.offset += 1
            record = SimpleNamespace(
                partition=0, offset=self.offset, key=item.key.encode(), value=item.value, headers=()
            )
            self.decider.feed([entry(item.topic, record, decode(item.topic, item.value))])
        decision = self.decider.take({})
        self.customers.settle(decision.changes, self.offset)
        return decision


def largest(decision: Decision) -> int:
    sizes = [len(record.value or b"") for record in decision.outputs]
    return max([*sizes, *(len(value or b"") for _, value in decision.changes)])


def heavy(number: int, size: int, customer: str = "ann") -> Input:
    text = f"{number}" + "x" * size
    kinds: list[tuple[str, str, dict[str, Any]]] = [
        ("clickstream", "page_view", {"url": f"/{text}"}),
        ("clickstream", "product_view", {"product_id": text}),
        ("support-tickets", "created", {"ticket_id": text, "channel": "phone"}),
        ("email", "sent", {"message_id": text}),
        ("profiles", "updated", {"attributes": {f"a{number}": text}}),
    ]
    topic, kind, fields = kinds[number % len(kinds)]
    return event(topic, kind, customer, number * 1_000, f"e{number}", **fields)


@pytest.mark.parametrize(("count", "size", "per_chunk"), [(60, 240_000, 60), (400, 20_000, 7), (1_500, 2_000, 500)])
def test_a_customer_who_is_fed_without_end_stays_below_what_a_broker_takes(
    count: int, size: int, per_chunk: int
) -> None:
    lane, letters = OneLane(), 0
    inputs = [heavy(number, size) for number in range(count)]
    for begin in range(0, count, per_chunk):
        decision = lane.chunk(
            *inputs[begin : begin + per_chunk], event("email", "opened", "bob", begin, f"b{begin}", message_id="m")
        )
        assert largest(decision) < BROKER_TAKES
        letters += sum(record.topic == "dead-letters" for record in decision.outputs)
        assert "bob" in decision.states
    assert letters > 0
    assert len(lane.customers.store.get(customer_key("ann")) or b"") > LARGEST_STATE // 2


def test_a_customer_found_large_at_the_start_is_measured_at_once_and_can_be_erased() -> None:
    before = OneLane()
    before.chunk(*(heavy(number, 240_000) for number in range(4, 40, 5)))
    assert isinstance(before.customers.store, MemoryStore)
    after = OneLane(before.customers.store)
    assert after.customers.large == {"ann"}
    refused = after.chunk(*(heavy(number, 100, "ann") for number in range(44, 48)), heavy(49, 240_000))
    assert [b"has room up to" in (record.value or b"") for record in refused.outputs][-1]
    erased = after.chunk(event("profiles", "erased", "ann", 100_000, "gone"))
    assert [record.topic for record in erased.outputs] == ["triggers"]
    assert after.customers.store.get(customer_key("ann")) is None


def test_evidence_that_no_broker_takes_is_left_out_of_its_trigger() -> None:
    control = "\x01" * 40_000
    pages = [event("clickstream", "page_view", "ann", number, f"p{number}", url=f"/{control}") for number in range(5)]
    created = event("support-tickets", "created", "ann", 10, "t", ticket_id="t", channel="phone")
    decision = OneLane().chunk(*pages, created)
    told = [record.value or b"" for record in decision.outputs if b"information_gap" in (record.value or b"")]
    assert len(told) == 1
    assert b"left_out" in told[0]
    assert largest(decision) <= LARGEST_LETTER


def test_ordinary_customers_are_never_refused() -> None:
    pick, lane = Random(4), OneLane()
    inputs = [heavy(number, pick.randrange(200), f"c{number % 40}") for number in range(2_000)]
    decision = lane.chunk(*inputs)
    assert not [record for record in decision.outputs if record.topic == "dead-letters"]
