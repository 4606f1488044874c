"""What a lane's state stands on: how many partitions the topics had, and which topics they were.

A count that changes sends customers to other lanes than those that hold them; a topic that was deleted and made anew
counts its offsets from 0 again. Both would give wrong numbers without a word, so each lane keeps both with its state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from schemas.topics import INPUTS

if TYPE_CHECKING:
    from agents.changelog import LaneRecord

ADVICE: Final = "what to do: deploy/topics.md"


class Footing(NamedTuple):
    """``ids`` is topic -> id that the brokers gave it, of inputs and changelog; empty where they give none."""

    partitions: int
    ids: Mapping[str, str]


def may_restart(names: str) -> frozenset[str]:
    """The topics of the setting ``restart_inputs``."""
    return frozenset(name.strip() for name in names.split(",") if name.strip())


class Known(NamedTuple):
    """A topic as it is on the brokers; ``id`` is empty where they give none."""

    partitions: int
    id: str


def faults_of_inputs(
    lanes: Mapping[int, LaneRecord], found: Mapping[str, Known], changelog: str, restart: frozenset[str]
) -> Iterator[str]:
    """What keeps a worker from going on with the state of these lanes on the topics that were found, one line each.

    ``restart`` are input topics that may have been made anew.
    """
    for topic in INPUTS:
        applied = {number: lane.applied[topic] for number, lane in lanes.items() if topic in lane.applied}
        if topic not in found and applied and topic not in restart:
            number, offset = max(applied.items(), key=lambda item: item[1])
            yield f"input topic {topic} is missing, but {offset + 1} records of its partition {number} were applied"
        elif topic in found and topic not in restart:
            known = {lanes[number].ids.get(topic) for number in applied} - {None, found[topic].id}
            if known and found[topic].id:
                yield made_anew(topic, f"its id is {found[topic].id}, expected {min(filter(None, known))}")
    written = {lane.partitions for lane in lanes.values()} - {0}
    for number in sorted(written):
        for topic in (*INPUTS, changelog):
            if topic in found and found[topic].partitions != number:
                yield partitions_changed(topic, found[topic].partitions, number, changelog)


def made_anew(topic: str, how: str) -> str:
    """The words for a topic that is another one than it was."""
    return f"input topic {topic} was deleted and made anew: {how}"


def partitions_changed(topic: str, found: int, expected: int, changelog: str) -> str:
    """The words for a count that is not the one that state was written with."""
    return f"topic {topic} has {found} partitions, expected {expected}: the state in {changelog} was written with that"


def state_is_gone(changelog: str, lanes: Mapping[int, int], there: bool) -> str:
    """The words for a changelog that does not hold what was applied; ``lanes`` is lane -> records applied."""
    what = f"has nothing in partitions {', '.join(map(str, sorted(lanes)))}" if there else "is missing"
    return f"changelog {changelog} {what}, but {sum(lanes.values())} records were applied: the state is gone"
