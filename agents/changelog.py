"""The changelog: what is written for a lane, record by record, and how a lane reads it back.

Keys say what a record is: ``c`` + customer_id is a customer, ``e`` + SHA-256 of the customer_id an erasure mark (no
personal data stays), ``l`` the lane itself: the applied offset of each input topic and the latest instant. The value
of the first two is ``next_due`` (8 bytes, signed, big-endian ms; -1 = none) and the encoded state, so that timers can
be set without decoding customers. A tombstone (no value) deletes.

Why not a Faust table: its recovery moves one message at a time (5,000 to 10,000 a second), writes nothing in the
transaction of the outputs, and reads what is not committed. Here a lane is fenced first (its producer is opened), then
its partition is read in batches up to the end, committed records only (deploy/decisions/0007-recovery.md: how fast).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from struct import Struct
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from agents.topicadmin import client_options

if TYPE_CHECKING:
    from agents.settings import Settings

T = TypeVar("T")

LANE_KEY: Final = b"l"
CUSTOMER: Final = b"c"
ERASURE: Final = b"e"
FIGURE: Final = b"k"
_DUE: Final = Struct(">q")
_READ_RECORDS: Final = 5_000
_READ_SECONDS: Final = 0.05
_READ_AHEAD_KIB: Final = 32 * 1024
_READ_AHEAD_PAUSE_MS: Final = 5
_FETCH_WAIT_MS: Final = 10
_FETCH_BYTES: Final = 4 * 1024 * 1024
_STALLED_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 20.0
_LOOK_STEP_SECONDS: Final = 0.5
_RETRY_SECONDS: Final = 0.05

_PASSING: Final = (KafkaError._TIMED_OUT, KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN)  # noqa: SLF001
"""No answer yet: the broker is away, or slow."""

Change = tuple[bytes, bytes | None]
"""Key and value of one changelog record."""

Take = Callable[[list[Change], int], None]
"""Takes records as they are read back, and the offset after them."""


class LaneRecord(msgspec.Struct, frozen=True, array_like=True):
    """What a lane knows of itself: ``applied`` is topic -> offset of the last record whose effect is held.

    ``partitions`` (0: not known) and ``ids`` are the footing that its state was written on.
    """

    applied: dict[str, int]
    now: int
    partitions: int = 0
    ids: dict[str, str] = {}


class ChangelogStalledError(RuntimeError):
    """The changelog could not be read to its end.

    Operator action: check the broker; the worker exits and reads again when it is restarted.
    """


def customer_key(customer_id: str) -> bytes:
    """Key of a customer's record."""
    return CUSTOMER + customer_id.encode()


def erasure_key(customer_id: str) -> bytes:
    """Key of an erasure mark."""
    return ERASURE + sha256(customer_id.encode()).digest()


def pack(state: bytes, next_due: int | None) -> bytes:
    """Value of a customer or erasure record."""
    return _DUE.pack(-1 if next_due is None else next_due) + state


def unpack_state(value: bytes) -> bytes:
    """The encoded state of a value."""
    return value[_DUE.size :]


def unpack_due(value: bytes) -> int | None:
    """The ``next_due`` of a value."""
    due: int = _DUE.unpack_from(value)[0]
    return None if due < 0 else due


async def in_thread(work: Callable[..., T], *arguments: Any, stop: Callable[[], None] | None = None) -> T:
    """Run ``work`` in another thread and return what it returns.

    When cancelled, ``stop`` is called and the thread awaited all the same: two must never write to one store.
    """
    running = asyncio.get_running_loop().run_in_executor(None, work, *arguments)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        if stop is not None:
            stop()
        await asyncio.wait({running})
        raise


class Bounds(NamedTuple):
    """First offset and end offset of partitions, by (topic, partition)."""

    first: dict[tuple[str, int], int]
    end: dict[tuple[str, int], int]


class ChangelogReader:
    """Reads a changelog partition in batches, and the bounds of any partition; has no group.

    librdkafka reads ahead in its own thread, and batches are taken in a worker thread, so that a lane that reads a
    large state holds up nobody. It reads once; closed with ``close``.

    When what was read ahead fills its queue, librdkafka by default pauses for a second, longer than it takes to empty
    the queue: ``fetch.queue.backoff.ms`` is what makes recovery fast.
    """

    def __init__(self, settings: Settings) -> None:
        self._stopped = False
        self._consumer = Consumer(
            client_options(settings)
            | {
                "group.id": f"{settings.application_id}-recovery",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "check.crcs": settings.check_crcs,
                "fetch.wait.max.ms": _FETCH_WAIT_MS,
                "max.partition.fetch.bytes": _FETCH_BYTES,
                "queued.max.messages.kbytes": _READ_AHEAD_KIB,
                "fetch.queue.backoff.ms": _READ_AHEAD_PAUSE_MS,
            }
        )

    async def close(self) -> None:
        """Disconnect."""
        await asyncio.to_thread(self._consumer.close)

    async def bounds(self, partitions: Sequence[tuple[str, int]]) -> Bounds:
        """First and end offset of each of these partitions.

        Raises:
            confluent_kafka.KafkaException: the broker does not answer.
        """
        found = await in_thread(self._look, partitions, stop=self._stop)
        first, end = zip(*found, strict=True)
        return Bounds(dict(zip(partitions, first, strict=True)), dict(zip(partitions, end, strict=True)))

    def _look(self, partitions: Sequence[tuple[str, int]]) -> list[tuple[int, int]]:
        return [self._watermarks(TopicPartition(*tp)) for tp in partitions]

    def _watermarks(self, place: TopicPartition) -> tuple[int, int]:
        """In short steps, so that a worker can stop while the broker is away."""
        deadline = time.monotonic() + _LOOK_SECONDS
        while True:
            try:
                found: tuple[int, int] = self._consumer.get_watermark_offsets(place, timeout=_LOOK_STEP_SECONDS)
            except KafkaException as failure:
                if self._stopped or failure.args[0].code() not in _PASSING or time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_SECONDS)
            else:
                return found

    async def read(self, topic: str, partition: int, start: int, end: int, take: Take) -> int:
        """Pass the records of [start, end) to ``take`` in batches, in another thread; returns how many they were.

        Raises:
            ChangelogStalledError: nothing came for a minute.
            confluent_kafka.KafkaException: the partition cannot be read.
        """
        try:
            return await in_thread(self._read, topic, partition, start, end, take, stop=self._stop)
        finally:
            self._stop()

    def _stop(self) -> None:
        self._stopped = True

    def _read(self, topic: str, partition: int, start: int, end: int, take: Take) -> int:
        self._consumer.assign([TopicPartition(topic, partition, start)])
        count, position, moved_at = 0, start, time.monotonic()
        while position < end and not self._stopped:
            messages = self._consumer.consume(_READ_RECORDS, timeout=_READ_SECONDS)
            changes = [(message.key(), message.value()) for message in messages if message.error() is None]
            if len(changes) < len(messages):
                _raise_failure(messages)
            if messages:
                last = messages[-1]
                position, moved_at = last.offset() + (last.error() is None), time.monotonic()
            if changes:
                count += len(changes)
                take(changes, position)
            elif time.monotonic() - moved_at > _STALLED_SECONDS:
                stalled = f"changelog {topic}-{partition} stands at offset {position} of {end}"
                raise ChangelogStalledError(stalled)
        if not self._stopped:
            take([], max(position, end))
        return count


def _raise_failure(messages: Sequence[Message]) -> None:
    """Raise what went wrong; that the end was reached is nothing wrong."""
    for message in messages:
        failure = message.error()
        if failure is not None and failure.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
            raise KafkaException(failure)
