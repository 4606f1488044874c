"""What comes into a lane: buffers of six topics, paused when full, and whether the merge must wait for one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from agents.lanes.buffers import Buffers, Entry
from agents.lanes.reading import read
from schemas.topics import INPUTS

if TYPE_CHECKING:
    from agents.lanes.surroundings import Surroundings
    from agents.transport.chunks import Chunk


class Intake:
    """Takes chunks without ever waiting, and gives entries in merged order."""

    def __init__(self, partition: int, around: Surroundings) -> None:
        self._partition = partition
        self._around = around
        self._flow = around.flow
        self._settings = around.settings
        self._wall = around.wall
        self._buffers = Buffers()
        self._handed = dict.fromkeys(INPUTS, -1)
        self._paused: set[str] = set()
        self._bytes = dict.fromkeys(INPUTS, 0)
        self._blocked: dict[str, tuple[int, int | None]] = {}
        """Topic -> since when it is waited for, and when the broker last answered about it (wall ms)."""

    @property
    def paused(self) -> bool:
        """Whether fetching of some topic waits for this lane."""
        return bool(self._paused)

    def begin(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Hold nothing, and expect each topic from its position (an offset) on."""
        self.drop()
        self._handed = {topic: offset - 1 for (topic, _), offset in positions.items()}

    def drop(self) -> None:
        """Let go of what was not begun: it will be fetched again."""
        self._buffers.clear()
        self._bytes = dict.fromkeys(INPUTS, 0)
        self._paused.clear()
        self._blocked.clear()

    def add(self, chunk: Chunk) -> bool:
        """Records of one topic; those that were handed over before are left out. False when none is new."""
        topic, known = chunk.topic, self._handed[chunk.topic]
        records = chunk.records if chunk.records[0].offset > known else [r for r in chunk.records if r.offset > known]
        if not records:
            return False
        wall = self._wall() if self._settings.clock == "wall" else None
        self._buffers.add(topic, read(topic, records, wall))
        self._bytes[topic] += sum(map(_size, records))
        self._handed[topic] = records[-1].offset
        self._blocked.pop(topic, None)
        if self._is_full(topic, 1) and topic not in self._paused:
            self._paused.add(topic)
            self._flow.pause(topic, self._partition)
        return True

    def take(self) -> tuple[list[Entry], bool]:
        """The next entries in merged order, and whether the merge waits for a topic that has more on the broker.

        It waits as long as the broker says nothing about the topic, for instance while the network is cut: to go on
        without it would make its records late. Only while it answers, time counts. With the clock ``event`` the merge
        waits whatever the broker says.
        """
        entries, blocked = self._buffers.take(self._settings.chunk_records, self._waits_for)
        for item in entries:
            self._bytes[item.topic] -= _size(item.record)
        free = {topic for topic in self._paused if not self._is_full(topic, 2)}
        if free:
            self._paused -= free
            self._flow.release((topic, self._partition) for topic in free)
        return entries, blocked is not None

    def _is_full(self, topic: str, part: int) -> bool:
        """Whether as much of a topic waits as may, or, once it is paused, still half of it (``part`` 2)."""
        settings, waiting = self._settings, self._buffers.size(topic)
        records, size = settings.buffer_records // part, settings.buffer_bytes // part
        if part == 1:
            return waiting >= records or self._bytes[topic] >= size
        return waiting > records or self._bytes[topic] > size

    def seen_empty_at(self) -> int | None:
        """The oldest of the latest looks (wall ms) at the six topics; None when one has more.

        None with the clock ``event``, too, when brokers do not answer: lanes must not agree on an end that none sees.
        """
        looks = [self._flow.at_end(topic, self._partition, self._handed[topic]) for topic in INPUTS]
        if None in looks:
            return None
        oldest = min(_present(looks))
        return None if self._settings.clock == "event" and not self._lately(oldest) else oldest

    def _waits_for(self, topic: str) -> bool:
        """Whether an earlier record of a topic may still come; an end that was seen long ago is no end."""
        seen_at = self._flow.at_end(topic, self._partition, self._handed[topic])
        if seen_at is not None and self._lately(seen_at):
            self._blocked.pop(topic, None)
            return False
        settings, heard = self._settings, self._flow.heard_at(topic, self._partition)
        since, before = self._blocked.get(topic, (self._wall(), heard))
        if heard is not None and (before is None or heard - before > settings.live_within_ms):
            since = heard
        self._blocked[topic] = since, heard
        if heard is None or heard - since < settings.merge_wait_ms:
            return True
        self._around.say_once(
            f"Lane {self._partition}: {topic} has more on the broker, which answers and sends nothing of it; "
            + ("the lane waits" if settings.clock == "event" else "what comes of it later counts as late")
        )
        return settings.clock == "event"

    def _lately(self, seen_at: int) -> bool:
        return self._wall() - seen_at <= self._settings.live_within_ms


def _present(looks: Iterable[int | None]) -> list[int]:
    return [at for at in looks if at is not None]


def _size(record: Any) -> int:
    size = len(record.value or b"")
    return size + sum(len(name) + len(value or b"") for name, value in record.headers) if record.headers else size
