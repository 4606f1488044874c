"""A second opinion: every story that a test tells is also told to the independent reference of ``tests/oracle``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson
import pytest

from schemas.outputs import data
from schemas.times import parse_instant
from streams.state import Customer
from tests.oracle import decode, policy
from tests.oracle.check import TINY
from tests.oracle.replay import Replay
from tests.story import Story

_FIRING = ("customer_id", "trigger", "subject", "cause", "at", "score", "level")
_CLOSE = 2e-6


def differences(story: Story) -> list[str]:
    """Where the core and the reference disagree about a story, one line each."""
    run = Replay(policy.merged(story.given), None)
    for step in story.script:
        if isinstance(step, int):
            run.advance(step)
            run.now = max(run.now, step)
        else:
            event = decode.decode(*step)
            if not isinstance(event, str):
                run.feed(event)
    run.last_applied = run.now
    result = run.finish()
    ours = [data(record) for record in story.triggers]
    found = _bags("trigger", map(_firing, ours), map(_firing, result.triggers))
    changes = [data(record) for record in story.score_changes]
    found += _bags("score change", map(_change, changes), map(_change, result.score_changes))
    known = [name for name, state in sorted(story.store.items()) if isinstance(state, Customer)]
    lines = [story.line(name) for name in known]
    return found + _unequal("customers", lines, [_settled(line) for line in result.customers])


def unlike_reference(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test of what the contract leaves open, where the reference reads it the other way or leaves it out."""
    test.unlike_reference = True  # type: ignore[attr-defined]
    return test


@pytest.fixture
def second_opinion(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail when the reference sees another outcome of any story of the test."""
    told: list[Story] = []
    begin = Story.__init__

    def begun(story: Story, *values: Any, **names: Any) -> None:
        begin(story, *values, **names)
        told.append(story)

    monkeypatch.setattr(Story, "__init__", begun)
    yield
    if getattr(request.function, "unlike_reference", False):
        return
    found = [text for story in told for text in differences(story)]
    if found:
        pytest.fail("\n".join(found))


def _moment(at: Any) -> int:
    return int(parse_instant(at)) if isinstance(at, str) else int(at)


def _firing(record: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(_moment(record[name]) if name == "at" else record[name] for name in _FIRING)


def _change(record: dict[str, Any]) -> tuple[Any, ...]:
    states = [_plain(record[name]) for name in ("previous", "current")]
    at = _moment(record["at"])
    return record["customer_id"], at, record["cause"], *((state["score"], state["level"]) for state in states)


def _plain(value: Any) -> Any:
    return value if isinstance(value, dict) else {"score": value.score, "level": value.level}


def _settled(line: dict[str, Any]) -> dict[str, Any]:
    kept = [interest for interest in line["interests"] if interest["points"] > TINY]
    return orjson.loads(orjson.dumps({**line, "interests": kept}))  # type: ignore[no-any-return]


def _bags(what: str, ours: Iterable[Any], wanted: Iterable[Any]) -> list[str]:
    left, right = Counter(ours), Counter(wanted)
    only_ours = [f"{what} only in the core: {x}" for x in sorted((left - right).elements(), key=str)]
    return only_ours + [f"{what} only in the reference: {x}" for x in sorted((right - left).elements(), key=str)]


def _unequal(path: str, ours: Any, wanted: Any) -> list[str]:
    if isinstance(ours, dict) and isinstance(wanted, dict):
        names = sorted(ours.keys() | wanted.keys())
        return [text for n in names for text in _unequal(f"{path}.{n}", ours.get(n, "absent"), wanted.get(n, "absent"))]
    if isinstance(ours, list) and isinstance(wanted, list) and len(ours) == len(wanted):
        pairs = enumerate(zip(ours, wanted, strict=True))
        return [text for i, (a, b) in pairs for text in _unequal(f"{path}[{i}]", a, b)]
    numeric = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (ours, wanted))
    if numeric and abs(ours - wanted) <= _CLOSE:
        return []
    return [] if ours == wanted else [f"{path}: core {ours!r}, reference {wanted!r}"]
