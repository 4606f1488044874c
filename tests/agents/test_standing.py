"""What a lane knows of the ends of its topics, and where it goes on in them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from agents.changelog import Bounds, LaneRecord
from agents.footing import Footing
from agents.lanes.recovery import TopicRecreatedError, positions
from agents.transport.standing import Standings
from schemas.topics import INPUTS


def standing(position: int, highwater: int, lso: int | None = None) -> tuple[Standings, Any]:
    tp = SimpleNamespace(topic="email", partition=0)
    state = SimpleNamespace(has_valid_position=True, position=position, highwater=highwater, lso=lso, timestamp=77)
    assignment = SimpleNamespace(tps=[tp], state_value=lambda _: state)
    consumer = SimpleNamespace(_subscription=SimpleNamespace(subscription=SimpleNamespace(assignment=assignment)))
    seen = Standings()
    seen.look(consumer, {})
    return seen, consumer


def test_a_partition_that_was_never_looked_at_may_hold_more() -> None:
    assert Standings().at_end("email", 0, 5) is None


def test_a_partition_is_at_its_end_when_the_position_is_there_and_all_was_handed_over() -> None:
    seen, _ = standing(10, 10)
    assert seen.at_end("email", 0, 9) == 77


def test_records_under_way_to_the_lane_are_not_the_end() -> None:
    class TP(NamedTuple):
        topic: str
        partition: int

    seen, consumer = standing(10, 10)
    seen.look(consumer, {TP("email", 0): [SimpleNamespace(offset=9)]})
    assert seen.at_end("email", 0, 8) is None
    assert seen.at_end("email", 0, 9) == 77


def test_the_end_is_what_a_reader_of_committed_records_can_reach() -> None:
    assert standing(8, 10, 8)[0].at_end("email", 0, 7) == 77
    assert standing(7, 10, 8)[0].at_end("email", 0, 6) is None
    assert standing(7, 10)[0].lag("email", 0, 6) == 3


def test_marks_of_transactions_after_the_last_record_are_no_lag() -> None:
    assert standing(10, 10)[0].lag("email", 0, 7) == 0


def bounds(end: int, first: int = 0) -> Bounds:
    tps = [(topic, 0) for topic in INPUTS]
    return Bounds(dict.fromkeys(tps, first), dict.fromkeys(tps, end))


def test_a_topic_goes_on_after_the_applied_record_or_at_its_beginning() -> None:
    found = positions(LaneRecord({"email": 4}, 0), bounds(end=9, first=2), 0, Footing(4, {}))
    assert found["email", 0] == 5
    assert found["surveys", 0] == 2


def test_a_topic_that_ends_before_what_was_applied_was_made_anew() -> None:
    with pytest.raises(TopicRecreatedError, match="topic email was deleted and made anew: partition 0 ends at 4"):
        positions(LaneRecord({"email": 4}, 0), bounds(end=4), 0, Footing(4, {}))
