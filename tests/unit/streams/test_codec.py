"""State as bytes: what is read is what was written, and decides the same."""

from __future__ import annotations

import msgspec
import pytest

from streams.codec import UnknownStateError, decode, encode
from streams.lane import Memory
from streams.outcome import State
from streams.state import Customer, Erased
from tests.opinion import unlike_reference
from tests.story import Story
from tests.unit.streams.examples import POLICY, told


class AsBytes(Memory):
    """A store that keeps bytes, as a worker does."""

    def put(self, customer_id: str, state: State) -> None:
        """Write it and read it back."""
        super().put(customer_id, None if state is None else decode(encode(state)))


def test_a_customer_is_read_as_it_was_written() -> None:
    state = told(Story(POLICY)).state()
    assert decode(encode(state)) == state
    assert encode(decode(encode(state))) == encode(state)


def test_a_state_that_went_through_bytes_decides_the_same() -> None:
    plain, kept = Story(POLICY), Story(POLICY)
    kept.store = kept.lane.store = AsBytes()
    told(plain)
    told(kept)
    assert kept.triggers == plain.triggers
    assert kept.score_changes == plain.score_changes
    assert kept.facts == plain.facts
    assert kept.line() == plain.line()


def test_an_erased_customer_is_read_as_it_was_written() -> None:
    assert decode(encode(Erased(1_767_225_600_000))) == Erased(1_767_225_600_000)


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x03\x90", b"\x01", b"\x01\x90", b"\x02\xc0", b"\x01" + b"\xff" * 9])
def test_bytes_that_are_no_state_are_refused(data: bytes) -> None:
    with pytest.raises(UnknownStateError):
        decode(data)


def test_a_state_cut_short_is_refused() -> None:
    whole = encode(told(Story(POLICY)).state())
    for length in range(0, len(whole), 97):
        with pytest.raises(UnknownStateError):
            decode(whole[:length])


def test_a_state_of_before_a_field_was_added_is_read_with_its_default() -> None:
    """Structs are array-like: a field is only ever appended, with a default."""
    short = b"\x01" + msgspec.msgpack.encode(["ada", 1, 2, 3])
    assert decode(short) == Customer("ada", 1, 2, 3)


@unlike_reference
def test_a_customer_of_many_events_stays_small() -> None:
    """The reference keeps every event and would take long."""
    story = Story()
    for hour in range(2_000):
        story.at(f"{hour}h").page_view(f"/{hour}", event_id=f"event-{hour}")
    assert len(encode(story.state())) < 4_000
