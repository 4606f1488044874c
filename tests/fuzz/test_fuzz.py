"""The fuzz target by count, from one seed: a fixed, short part of what ``make fuzz`` does."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.fuzz.mutations import damage, make, seeds
from tests.fuzz.target import judge, run

REGRESSIONS = sorted((Path(__file__).parent / "regressions").glob("*.bin"))


def test_the_good_examples_are_all_events() -> None:
    for data in seeds():
        assert run(data) == len(data[1:].split(b"\n"))


@pytest.mark.parametrize("seed", range(4))
def test_no_damaged_input_breaks_decoding_or_applying(seed: int) -> None:
    pick, events, letters = Random(seed), 0, 0
    for _ in range(300):
        data = make(pick)
        if pick.random() < 0.5:
            data = damage(data, pick)
        found = run(data)
        events += found
        letters += data.count(b"\n") + 1 - found
    assert events > 100
    assert letters > 100


@pytest.mark.parametrize("path", REGRESSIONS, ids=lambda path: path.stem)
def test_what_once_broke_does_not_break_again(path: Path) -> None:
    run(path.read_bytes())


def test_the_target_notices_a_reading_that_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.target.read_independently", lambda *_: "schema")
    with pytest.raises(AssertionError, match="independently 'schema'"):
        judge("email", seeds()[0][1:])
