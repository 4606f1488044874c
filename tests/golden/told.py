"""Worked histories as files: each story says what happens, and when a trigger is to fire.

A file of ``triggers`` is named after its trigger. Each story has ``events``, one line each,

    MOMENT [xN/SPAN] KIND [VALUE ...] [field=value ...]

with the kinds, values and moments of ``tests.story``; ``xN/SPAN`` tells N of them, each so long after the one before,
``{n}`` counting from 1. ``fires`` has one line for each firing: the moment, the subject (``-`` for none), and the
evidence that ``show`` names. ``until`` is how long time passes. Without ``policy`` the defaults hold. The stories of
``score_change`` have the score changes instead: the moment, the level and the score.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from schemas.times import Instant, format_instant
from tests.oracle.replay import replay
from tests.story import Story, shown, span

FOLDER = Path(__file__).with_name("triggers")
SCORE_CHANGE = "score_change"
_TIMES = re.compile(r"x(\d+)/(\w+)")
_FIELD = re.compile(r"[a-z_]+=")


class Told(NamedTuple):
    """One story of a file."""

    trigger: str
    content: dict[str, Any]

    @property
    def name(self) -> str:
        """The trigger and what the story shows."""
        return f"{self.trigger}: {self.content['story']}"

    @property
    def fires(self) -> list[str]:
        """The firings that the file says."""
        return list(self.content["fires"])

    @property
    def in_order(self) -> bool:
        """Whether every event comes at or after the one before: only then a replay of the files tells the same."""
        moments = [moment for moment, _, _, _ in _lines(self.content)]
        return moments == sorted(moments)


def stories() -> Iterator[Told]:
    """Every story of every file."""
    for path in sorted(FOLDER.glob("*.yaml")):
        for content in yaml.safe_load(path.read_text("utf-8"))["stories"]:
            yield Told(path.stem, content)


def _value(text: str) -> Any:
    return yaml.safe_load(text)


def _lines(content: dict[str, Any]) -> Iterator[tuple[int, str, list[Any], dict[str, Any]]]:
    """Instant after the beginning (ms), kind, values and fields of every event."""
    for line in content["events"]:
        moment, *words = shlex.split(line)
        times, every = 1, 0
        if found := _TIMES.fullmatch(words[0]):
            times, every = int(found[1]), span(found[2])
            words = words[1:]
        for number in range(times):
            kind, *rest = [word.replace("{n}", str(number + 1)) for word in words]
            fields = dict(word.split("=", 1) for word in rest if _FIELD.match(word))
            values = [_value(word) for word in rest if not _FIELD.match(word)]
            yield span(moment) + number * every, kind, values, {name: _value(text) for name, text in fields.items()}


def tell(told: Told) -> Story:
    """The story run through the core."""
    story = Story(told.content.get("policy"))
    for moment, kind, values, fields in _lines(told.content):
        getattr(story.at(moment), kind)(*values, **fields)
    return story.until(told.content["until"])


def _line(at: int, subject: str | None, evidence: dict[str, Any]) -> str:
    facts = "".join(f" {name}={json.dumps(value, ensure_ascii=False)}" for name, value in evidence.items())
    return f"{shown(at)} {subject or '-'}{facts}"


def _plain(value: Any) -> Any:
    if isinstance(value, Instant):
        return format_instant(value)
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return {name: _plain(one) for name, one in value.items()} if isinstance(value, dict) else value


def fired(told: Told) -> list[str]:
    """The firings of the story's trigger by the core, one line each."""
    story, names = tell(told), told.content.get("show", [])
    if told.trigger == SCORE_CHANGE:
        return [f"{at} {level} score={score}" for at, score, level in story.changes()]
    return [
        _line(one.at - story.zero, one.subject, {name: _plain(one.evidence[name]) for name in names})
        for one in story.triggers
        if one.trigger == told.content.get("rule", told.trigger)
    ]


def fired_by_reference(told: Told) -> list[str]:
    """The moments and subjects of the firings by the naive reference, which knows no evidence."""
    story = tell(told)
    result = replay(story.lines, told.content.get("policy"), story.zero + span(told.content["until"]))
    if told.trigger == SCORE_CHANGE:
        changes = [(row["at"] - story.zero, row["current"]) for row in result.score_changes]
        return [_line(at, current["level"], {"score": current["score"]}) for at, current in changes]
    rows = [row for row in result.triggers if row["trigger"] == told.content.get("rule", told.trigger)]
    return [_line(row["at"] - story.zero, row["subject"], {}) for row in sorted(rows, key=lambda row: row["at"])]


def normal(line: str) -> str:
    """A line of ``fires`` with its moment written in one way: ``7d-1ms`` is ``6d+23h+59m+59s+999ms``."""
    moment, rest = line.split(" ", 1)
    return f"{shown(span(moment))} {rest}"


def known_to_reference(told: Told) -> list[str]:
    """The firings that the file says, as far as the reference can tell: without the evidence."""
    said = [normal(line) for line in told.fires]
    return said if told.trigger == SCORE_CHANGE else [re.sub(r" \w+=.*", "", line) for line in said]


def update() -> None:
    """Write what the core says into the files, where it is not what they say; read every change before it is kept."""
    for path in sorted(FOLDER.glob("*.yaml")):
        content = yaml.safe_load(path.read_text("utf-8"))
        for story in content["stories"]:
            told = Told(path.stem, story)
            found = fired(told)
            if found != [normal(line) for line in told.fires]:
                story["fires"] = found
        path.write_text(written(content), "utf-8")


def written(content: dict[str, Any]) -> str:
    """The text of a file."""
    return yaml.safe_dump(content, sort_keys=False, width=110, allow_unicode=True)
