"""What happened in one chunk, counted for the metrics; and the limit at which dead letters stop the worker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

from aiokafka.partitioner import DefaultPartitioner

from agents.lanes.buffers import Entry
from schemas.events import Event
from schemas.outputs import CustomerErased, Emission, ScoreChange, TriggerFired

_LATE_MS: Final = 1_000
_SAMPLE: Final = 4
_murmur2: Final = DefaultPartitioner()


class Tally:
    """Counts of one chunk."""

    def __init__(self) -> None:
        self._applied: Counter[type[Event]] = Counter()
        self._duplicates: Counter[str] = Counter()
        self._dropped: Counter[tuple[str, str]] = Counter()
        self._dead_letters: Counter[tuple[str, str]] = Counter()
        self._mispartitioned: Counter[str] = Counter()
        self._late: list[tuple[str, float]] = []
        self.records = 0
        self.broken = 0
        """Events and timers that the core could not judge."""
        self.delays: list[float] = []
        """Seconds that timers ran after they were due, while the lane was caught up."""

    def event(self, event: Event, disposition: str, now: int) -> None:
        """An event that the core has judged at ``now``."""
        if disposition == "applied":
            self._applied[type(event)] += 1
        elif disposition == "duplicate":
            self._duplicates[event.topic] += 1
        else:
            self._dropped[event.topic, "erased"] += 1
        if now - event.occurred_at > _LATE_MS:
            self._late.append((event.topic, (now - event.occurred_at) / 1000))

    def dead_letter(self, topic: str, reason: str) -> None:
        """A record that could not be applied."""
        self._dead_letters[topic, reason] += 1

    @property
    def reasons(self) -> Counter[str]:
        """Dead letters of this chunk by reason."""
        found: Counter[str] = Counter()
        for (_, reason), count in self._dead_letters.items():
            found[reason] += count
        return found

    def sample_partitions(self, entries: Sequence[Entry], partitions: int) -> bool:
        """Whether some of these keys lie where Kafka's default partitioner would not put them (a few are looked at)."""
        numbers = list(range(partitions))
        for entry in entries[:_SAMPLE]:
            if entry.record.key is not None and _murmur2(entry.record.key, numbers, numbers) != entry.record.partition:
                self._mispartitioned[entry.topic] += 1
        return bool(self._mispartitioned)

    def metrics(self, emissions: Iterable[Emission]) -> dict[str, Any]:
        """Keyword arguments of ``Metrics.batch_applied``."""
        levels: Counter[str] = Counter()
        rules: Counter[str] = Counter()
        erasures = 0
        for emission in emissions:
            if isinstance(emission, ScoreChange):
                levels[emission.current.level] += 1
            elif isinstance(emission, TriggerFired):
                rules[emission.trigger] += 1
            elif isinstance(emission, CustomerErased):
                erasures += 1
        events = {(kind.topic, kind.action.partition(".")[2]): count for kind, count in self._applied.items()}
        return {
            "records": self.records,
            "events": events,
            "duplicates": self._duplicates,
            "dropped": self._dropped,
            "dead_letters": self._dead_letters,
            "mispartitioned": self._mispartitioned,
            "late": self._late,
            "score_changes": levels,
            "triggers": rules,
            "erasures": erasures,
        }


class InputInvalidError(RuntimeError):
    """Nearly all of the latest records are dead letters, so the input or the engine is wrong, not the records.

    Operator action: look at the latest records on ``dead-letters``; correct the producer, or install a version that can
    process its events; or raise ``ENGAGE_DEAD_LETTER_SHARE``. Nothing was skipped: the chunk is read again at restart.
    """


class DeadLetterLimit:
    """When nearly all input is invalid: better to stop than to dead-letter the world."""

    def __init__(self, share: float, minimum: int) -> None:
        self._share = share
        self._minimum = minimum
        self._records = 0
        self._dead = 0

    def take_in(self, tally: Tally) -> None:
        """Count a chunk.

        Raises:
            InputInvalidError: more than the share of the latest records are dead letters.
        """
        reasons = tally.reasons
        self._records += tally.records
        self._dead += reasons.total()
        if self._records >= self._minimum and self._dead > self._share * self._records:
            mostly = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common(3))
            message = f"{self._dead} of the latest {self._records} records are dead letters ({mostly})"
            raise InputInvalidError(message)
        if self._records >= 2 * self._minimum:
            self._records //= 2
            self._dead //= 2
