"""What each golden story does inside, step by step, as text: what is said, what pends, what is kept and explained.

A file of ``traces`` holds the stories of the file of ``triggers`` with its name, and ``everything`` a long history of
one customer. A change of the core shows there as a difference to be read: it is right, or it is a bug.

    python -m tests.golden.traces       write them anew
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec
import orjson

from schemas.outputs import data, plain
from streams.codec import encode
from streams.explain import explain
from streams.lane import Lane, Memory
from streams.state import Customer
from streams.timers import parts
from tests.golden.told import stories, tell
from tests.story import Story, shown
from tests.unit.streams.examples import AGAIN, POLICY, STORIES, told

FOLDER = Path(__file__).with_name("traces")
_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_NON_STR_KEYS


def traces() -> Iterator[tuple[str, Callable[[], str]]]:
    """Name of the file, and what makes its text."""
    for trigger, found in groupby(stories(), key=lambda one: one.trigger):
        group = list(found)
        yield (
            trigger,
            lambda group=group: "\n".join(  # type: ignore[misc]
                trace(one.name, tell(one), whole=one is group[0]) for one in group
            ),
        )
    yield "everything", lambda: trace("everything that can happen", told(Story(POLICY)))
    yield (
        "again",
        lambda: "\n".join(
            trace(f"{name}, twice", again(STORIES[name](Story({"triggers": {}})))) for name, again in AGAIN.items()
        ),
    )


def trace(name: str, story: Story, *, whole: bool = True) -> str:
    """What a story does, and what it comes to; ``whole``: also in words, and in figures across customers."""
    lines = [f"# {name}"]
    lane = Lane(Memory(), story.policy)
    pending: dict[str, str] = {}
    for step in story.script:
        if isinstance(step, int):
            lane.advance(step)
            lines.append(f"{shown(step - story.zero)}:")
        else:
            event = story.decoded(*step)
            outcome = lane.feed(event)
            about = f" {outcome.disposition}" if outcome.disposition != "applied" else ""
            lines.append(f"{shown(event.occurred_at - story.zero)} {event.action}{about}:")
        changes = lane.take()
        lines += [f"    {_json(data(emission))}" for emission in changes.emissions]
        lines += [f"    counts {_json(tuple(fact))}" for fact in changes.facts]
        now = _pending(lane, story.zero)
        lines += [f"    waits {key}: {now[key]}" for key in sorted(now) if pending.get(key) != now[key]]
        lines += [f"    waits no more {key}" for key in sorted(pending) if key not in now]
        pending = now
    for who, state in sorted(lane.store.items()):  # type: ignore[attr-defined]
        lines.append(f"kept of {who}: {msgspec.msgpack.decode(encode(state)[1:])}")
        if isinstance(state, Customer) and whole:
            lines.append(f"line: {_json(story.line(who))}")
            told_of = [data(one) for one in story.triggers if one.customer_id == who]
            found = explain(story.line(who), story.policy, story.lane.now, _written(told_of))
            lines += [f"  {section.title}: {' | '.join(section.lines)}" for section in found]
    if whole:
        lines.append(f"figures: {_json(story.kpis())}")
    return "\n".join(lines) + "\n"


def _pending(lane: Lane, zero: int) -> dict[str, str]:
    found = {}
    for who, state in lane.store.items():  # type: ignore[attr-defined]
        if isinstance(state, Customer):
            for name, due in state.timers.items():
                rule, about = parts(name)
                found[" ".join(filter(None, (who, rule, about)))] = shown(due - zero)
            found[who] = f"next {shown(state.next_due - zero) if state.next_due is not None else 'never'}"
    return found


def _written(value: Any) -> Any:
    return orjson.loads(_json(value))


def _json(value: Any) -> str:
    return orjson.dumps(value, default=_default, option=_OPTIONS).decode()


def _default(value: Any) -> Any:
    return msgspec.to_builtins(value) if isinstance(value, msgspec.Struct) else plain(value)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, make in traces():
        (FOLDER / f"{file}.txt").write_text(make(), "utf-8")
