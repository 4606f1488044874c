"""What comes into a lane, in which order it is taken, and for which topics it waits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from agents.lanes.intake import Intake
from agents.settings import Settings
from agents.transport.chunks import Chunk
from schemas.topics import INPUTS
from tests.agents.running import NOON, event

START = {(topic, 0): 0 for topic in INPUTS}


class Record(NamedTuple):
    offset: int
    value: bytes
    key: bytes = b"ann"
    headers: tuple[tuple[str, bytes], ...] = ()


class FakeFlow:
    """Ends that the test sets, and what was asked."""

    def __init__(self) -> None:
        self.more: set[str] = set()
        self.seen_at = 1_000
        self.paused: set[str] = set()
        self.heard: int | None = None
        self.said: list[str] = []

    async def seek(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Nothing to seek."""

    def pause(self, topic: str, partition: int) -> None:
        self.paused.add(topic)

    def release(self, partitions: Iterable[tuple[str, int]]) -> None:
        self.paused -= {topic for topic, _ in partitions}

    def at_end(self, topic: str, partition: int, handed_over: int) -> int | None:
        return None if topic in self.more else self.seen_at

    def heard_at(self, topic: str, partition: int) -> int | None:
        return self.heard

    def lag(self, topic: str, partition: int, applied: int) -> int:
        return 0


@pytest.fixture
def flow() -> FakeFlow:
    return FakeFlow()


def intake(flow: FakeFlow, **overrides: Any) -> Intake:
    settings = Settings(**{"clock": "event", **overrides})
    around = SimpleNamespace(flow=flow, settings=settings, wall=lambda: 0, say_once=flow.said.append)
    made = Intake(0, around)  # type: ignore[arg-type]
    made.begin(START)
    return made


def chunk(first: int, count: int, topic: str = "email") -> Chunk:
    records = [
        Record(offset, event(topic, "opened", "ann", offset, f"e{offset}", message_id="m").value)
        for offset in range(first, first + count)
    ]
    return Chunk(topic, 0, 1, records)


def offsets(entries: list[Any]) -> list[int]:
    return [found.record.offset for found in entries]


def test_records_that_were_handed_over_before_are_left_out(flow: FakeFlow) -> None:
    lane = intake(flow)
    assert lane.add(chunk(0, 3))
    assert not lane.add(chunk(1, 2))
    assert lane.add(chunk(1, 4))
    assert offsets(lane.take()[0]) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("headers", [(), (("h", b"x" * 1_000),)])
def test_a_topic_of_large_records_is_paused_by_their_bytes(flow: FakeFlow, headers: Any) -> None:
    lane = intake(flow, buffer_bytes=4_000, chunk_records=2)
    value = event("email", "opened", "ann", 0, "e", message_id="m").value
    large = value if headers else value + b" " * 1_000
    lane.add(Chunk("email", 0, 1, [Record(offset, large, headers=headers) for offset in range(3)]))
    assert flow.paused == set()
    lane.add(Chunk("email", 0, 1, [Record(offset, large, headers=headers) for offset in range(3, 5)]))
    assert flow.paused == {"email"}
    lane.take()
    assert flow.paused == {"email"}
    lane.take()
    assert flow.paused == set()


def test_a_full_topic_is_paused_and_fetched_again_when_half_is_taken(flow: FakeFlow) -> None:
    lane = intake(flow, buffer_records=10, chunk_records=5)
    lane.add(chunk(0, 12))
    assert flow.paused == {"email"}
    assert lane.paused
    lane.take()
    assert flow.paused == {"email"}
    lane.take()
    assert flow.paused == set()


def test_a_topic_with_more_on_the_broker_holds_the_merge(flow: FakeFlow) -> None:
    lane = intake(flow)
    flow.more = {"purchases"}
    lane.add(chunk(0, 1))
    assert lane.take() == ([], True)
    assert lane.seen_empty_at() is None
    flow.more = set()
    assert offsets(lane.take()[0]) == [0]
    assert lane.seen_empty_at() == 1_000


@pytest.mark.parametrize("heard", [None, 0, 4_999])
def test_a_broker_that_says_nothing_of_a_topic_holds_the_merge_however_long_that_is(
    flow: FakeFlow, heard: int | None
) -> None:
    lane = intake(flow, clock="wall", merge_wait_ms=5_000)
    flow.more, flow.heard = {"purchases"}, heard
    lane.add(chunk(0, 1))
    assert lane.take() == ([], True)
    assert flow.said == []


def test_the_merge_goes_on_without_a_topic_of_which_the_broker_sends_nothing(flow: FakeFlow) -> None:
    lane = intake(flow, clock="wall", merge_wait_ms=5_000)
    flow.more, flow.heard = {"purchases"}, 5_000
    lane.add(chunk(0, 1))
    assert offsets(lane.take()[0]) == [0]
    assert "purchases has more on the broker" in flow.said[0]


def test_the_time_in_which_a_broker_was_away_is_no_time_waited(flow: FakeFlow) -> None:
    lane = intake(flow, clock="wall", merge_wait_ms=5_000)
    flow.more, flow.heard = {"purchases"}, 0
    lane.add(chunk(0, 1))
    for flow.heard in (0, 60_000, 61_500, 63_000, 64_500):
        assert lane.take() == ([], True)
    flow.heard = 65_000
    assert offsets(lane.take()[0]) == [0]


@pytest.mark.parametrize("clock", ["wall", "event"])
def test_an_end_that_was_seen_long_ago_is_no_end(flow: FakeFlow, clock: str) -> None:
    lane = intake(flow, clock=clock, live_within_ms=2_000)
    flow.seen_at = flow.heard = -2_001
    lane.add(chunk(0, 1))
    assert lane.take() == ([], True)
    flow.seen_at = -2_000
    assert offsets(lane.take()[0]) == [0]


def test_lanes_do_not_agree_on_an_end_that_a_broker_away_cannot_show(flow: FakeFlow) -> None:
    lane = intake(flow, live_within_ms=2_000)
    flow.seen_at = -2_001
    assert lane.seen_empty_at() is None
    flow.seen_at = -2_000
    assert lane.seen_empty_at() == -2_000


def test_a_backfill_never_goes_on_without_a_topic(flow: FakeFlow) -> None:
    lane = intake(flow, merge_wait_ms=5_000)
    flow.more, flow.heard = {"purchases"}, 999_999
    lane.add(chunk(0, 1))
    assert lane.take() == ([], True)
    assert flow.said[0].endswith("the lane waits")


def test_a_dead_letter_that_has_a_time_keeps_its_place_as_in_a_replay(flow: FakeFlow) -> None:
    lane = intake(flow)
    first = event("email", "opened", "ann", 1, "a", message_id="m").value
    broken = event("email", "teleported", "ann", 9, "x").value
    late = event("email", "opened", "ann", 3, "late", message_id="m").value
    lane.add(Chunk("email", 0, 1, [Record(0, first), Record(1, broken), Record(2, late)]))
    lane.add(Chunk("purchases", 0, 1, [Record(7, event("purchases", "cancelled", "ann", 5, "p", order_id="o").value)]))
    assert offsets(lane.take()[0]) == [0, 7, 1, 2]


def test_a_dead_letter_that_claims_the_future_holds_nothing_back(flow: FakeFlow) -> None:
    settings = Settings(clock="wall")
    flow.seen_at = NOON
    lane = Intake(0, SimpleNamespace(flow=flow, settings=settings, wall=lambda: NOON + 4))  # type: ignore[arg-type]
    lane.begin(START)
    ahead = event("email", "teleported", "ann", 9, "x").value
    lane.add(Chunk("email", 0, 1, [Record(0, ahead), Record(1, b"{")]))
    lane.add(chunk(0, 1, "purchases"))
    assert [found.topic for found in lane.take()[0]] == ["email", "email", "purchases"]
