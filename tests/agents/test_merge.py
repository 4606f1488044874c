"""The merge of a lane's six topics."""

from __future__ import annotations

from typing import Any, NamedTuple

from agents.lanes.buffers import Buffers, entry
from schemas.deadletters import DeadLetter
from schemas.decode import decode
from tests.agents.running import event

LIMIT = 100


class Record(NamedTuple):
    offset: int
    key: bytes = b"ann"


def opened(at: int, name: str) -> Any:
    return entry("email", Record(0), decode("email", event("email", "opened", "ann", at, name, message_id="m").value))


def viewed(at: int, name: str) -> Any:
    value = event("clickstream", "page_view", "ann", at, name, url="/").value
    return entry("clickstream", Record(0), decode("clickstream", value))


def names(entries: list[Any]) -> list[str]:
    return [getattr(found.decoded, "event_id", "dead") for found in entries]


def never(_topic: str) -> bool:
    return False


def test_records_come_in_order_of_their_time_over_all_topics() -> None:
    buffers = Buffers()
    buffers.add("email", [opened(1, "a"), opened(4, "d")])
    buffers.add("clickstream", [viewed(2, "b"), viewed(3, "c")])
    assert names(buffers.take(LIMIT, never)[0]) == ["a", "b", "c", "d"]


def test_ties_go_to_the_topic_that_the_contract_names_first() -> None:
    buffers = Buffers()
    buffers.add("email", [opened(1, "second")])
    buffers.add("clickstream", [viewed(1, "first")])
    assert names(buffers.take(LIMIT, never)[0]) == ["first", "second"]


def test_disorder_inside_a_topic_stays_so_that_what_is_late_stays_late() -> None:
    buffers = Buffers()
    buffers.add("email", [opened(5, "five"), opened(1, "late")])
    buffers.add("clickstream", [viewed(3, "three"), viewed(6, "six")])
    assert names(buffers.take(LIMIT, never)[0]) == ["three", "five", "late", "six"]


def test_what_does_not_decode_follows_the_record_before_it() -> None:
    buffers = Buffers()
    dead = entry("email", Record(1), DeadLetter("not_json", "value"))
    buffers.add("email", [opened(3, "three"), dead, opened(9, "nine")])
    buffers.add("clickstream", [viewed(1, "one"), viewed(4, "four")])
    assert names(buffers.take(LIMIT, never)[0]) == ["one", "three", "dead", "four", "nine"]


def test_the_merge_stops_at_a_topic_that_has_more_to_come() -> None:
    buffers = Buffers()
    buffers.add("email", [opened(1, "a"), opened(9, "z")])
    buffers.add("clickstream", [viewed(2, "b")])
    taken, blocked = buffers.take(LIMIT, lambda topic: topic == "clickstream")
    assert (names(taken), blocked) == (["a", "b"], "clickstream")
    assert buffers.take(LIMIT, lambda topic: topic == "clickstream") == ([], "clickstream")
    assert names(buffers.take(LIMIT, never)[0]) == ["z"]


def test_no_more_than_the_limit_is_taken_at_once() -> None:
    buffers = Buffers()
    buffers.add("email", [opened(at, str(at)) for at in range(5)])
    assert names(buffers.take(2, never)[0]) == ["0", "1"]
    assert len(buffers) == 3
