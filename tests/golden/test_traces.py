"""Nothing that a story does inside changes unnoticed."""

from __future__ import annotations

from collections.abc import Callable
from difflib import unified_diff

import pytest

from tests.golden.traces import FOLDER, traces


@pytest.mark.parametrize(("name", "make"), [pytest.param(name, make, id=name) for name, make in traces()])
def test_every_step_is_as_it_was_written(name: str, make: Callable[[], str]) -> None:
    written = (FOLDER / f"{name}.txt").read_text("utf-8").splitlines()
    changed = list(unified_diff(written, make().splitlines(), "written", "now", lineterm="", n=0))
    assert not changed, "\n".join(changed[:20])


def test_no_trace_is_left_of_a_story_that_is_gone() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == {name for name, _ in traces()}
