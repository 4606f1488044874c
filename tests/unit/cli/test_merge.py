"""The order of a replay (CONTRACT, Appendix B 15)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agents.replay.merge import merge
from agents.replay.reading import Record
from schemas.deadletters import DeadLetter

NOTHING = DeadLetter("schema", "nothing to decode here")


def order(*streams: list[int | None]) -> list[tuple[int, int | None]]:
    read = [iter([Record(at, line, b"", NOTHING) for line, at in enumerate(stream)]) for stream in streams]
    return [(index, record.at) for index, record in merge(read)]


def test_the_stream_whose_head_is_earliest_goes_next() -> None:
    assert order([10, 30], [20, 40]) == [(0, 10), (1, 20), (0, 30), (1, 40)]


def test_ties_go_by_the_order_of_the_streams() -> None:
    assert order([10, 20], [10, 10, 20], [10]) == [(0, 10), (1, 10), (1, 10), (2, 10), (0, 20), (1, 20)]


def test_disorder_inside_a_stream_stays_and_holds_back_what_is_behind_it() -> None:
    assert order([50, 10, 60], [20, 55]) == [(1, 20), (0, 50), (0, 10), (1, 55), (0, 60)]


def test_a_line_without_a_time_comes_directly_after_the_line_before_it() -> None:
    assert order([10, None, None, 40], [10, 20]) == [(0, 10), (0, None), (0, None), (1, 10), (1, 20), (0, 40)]


def test_a_first_line_without_a_time_comes_before_all() -> None:
    assert order([10], [None, 5]) == [(1, None), (1, 5), (0, 10)]


def test_an_empty_stream_takes_no_part() -> None:
    assert order([], [10], []) == [(1, 10)]
    assert order() == []


@given(st.lists(st.lists(st.none() | st.integers(-5, 5), max_size=8), max_size=4))
def test_every_line_comes_once_and_each_stream_keeps_its_order(streams: list[list[int | None]]) -> None:
    merged = order(*streams)
    for index, stream in enumerate(streams):
        assert [at for stream_index, at in merged if stream_index == index] == stream


@given(st.lists(st.lists(st.integers(-50, 50), max_size=10), max_size=4))
def test_sorted_streams_merge_into_a_sorted_one(streams: list[list[int]]) -> None:
    expected = sorted((at, index) for index, stream in enumerate(streams) for at in stream)
    assert [(at, index) for index, at in order(*[sorted(stream) for stream in streams])] == expected
