"""Duplicates are remembered exactly, in little space."""

from __future__ import annotations

import json

import pytest

from schemas.decode import decode
from schemas.events import Event
from schemas.times import DAY, HOUR
from streams.dedup import Seen, is_duplicate, remember
from tests.replaying import event


def made(event_id: str, topic: str = "surveys", kind: str = "csat") -> Event:
    """An event with this id."""
    found = decode(topic, json.dumps(event(kind, "2026-01-01T00:00:00Z", event_id)).encode())
    assert isinstance(found, Event)
    return found


@pytest.mark.parametrize("event_id", ["x", "a" * 19, "a" * 20, "a" * 128, "ü" * 64])
@pytest.mark.parametrize(("passed", "known"), [(0, True), (DAY - 1, True), (DAY, False)])
def test_an_id_is_known_for_exactly_the_window(event_id: str, passed: int, known: bool) -> None:
    seen = remember({}, made(event_id), 5 * DAY + 17, DAY)
    assert is_duplicate(seen, made(event_id), 5 * DAY + 17 + passed, DAY) is known


def test_long_ids_that_share_a_beginning_are_told_apart() -> None:
    seen = remember({}, made("a" * 127 + "1"), 0, DAY)
    assert not is_duplicate(seen, made("a" * 127 + "2"), 0, DAY)


def test_the_same_id_of_another_topic_is_another_event() -> None:
    seen = remember({}, made("x"), 0, DAY)
    assert not is_duplicate(seen, made("x", "purchases", "ordered"), 0, DAY)


def test_buckets_that_have_passed_are_let_go() -> None:
    seen: Seen = {}
    for hour in range(200):
        seen = remember(seen, made(f"e{hour}"), hour * HOUR, DAY)
    assert len(seen) <= 26
    assert sum(len(ids) for ids in seen.values()) <= 26


def test_what_was_remembered_before_is_not_changed() -> None:
    first = remember({}, made("a"), 0, DAY)
    kept = {start: dict(ids) for start, ids in first.items()}
    remember(first, made("b"), 1, DAY)
    assert first == kept


@pytest.mark.parametrize("window", [1, 23, 24, 1000, DAY])
def test_any_window_is_exact(window: int) -> None:
    seen = remember({}, made("x"), 12_345, window)
    assert is_duplicate(seen, made("x"), 12_345 + window - 1, window)
    assert not is_duplicate(seen, made("x"), 12_345 + window, window)
