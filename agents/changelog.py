"""The changelog: what is written for a lane, record by record, and how a lane reads it back.

Keys say what a record is: ``c`` + customer_id is a customer, ``e`` + SHA-256 of the customer_id an erasure mark (no
personal data stays), ``l`` the lane itself: the applied offset of each input topic and the latest instant. The value
of the first two is ``next_due`` (8 bytes, signed, big-endian ms; -1 = none) and the encoded state, so that timers can
be set without decoding customers. A tombstone (no value) deletes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.connection import aiokafka_options

if TYPE_CHECKING:
    from agents.settings import Settings

LANE_KEY: Final = b"l"
CUSTOMER: Final = b"c"
ERASURE: Final = b"e"
_HEADER: Final = 8
_READ_RECORDS: Final = 10_000
_STALLED_SECONDS: Final = 60.0

Change = tuple[bytes, bytes | None]
"""Key and value of one changelog record."""


class LaneRecord(msgspec.Struct, frozen=True, array_like=True):
    """What a lane knows of itself: ``applied`` is topic -> offset of the last record whose effect is held."""

    applied: dict[str, int]
    now: int


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
    return (-1 if next_due is None else next_due).to_bytes(_HEADER, "big", signed=True) + state


def unpack_state(value: bytes) -> bytes:
    """The encoded state of a value."""
    return value[_HEADER:]


def unpack_due(value: bytes) -> int | None:
    """The ``next_due`` of a value."""
    due = int.from_bytes(value[:_HEADER], "big", signed=True)
    return None if due < 0 else due


class Bounds(NamedTuple):
    """First offset and end offset of partitions, by (topic, partition)."""

    first: dict[tuple[str, int], int]
    end: dict[tuple[str, int], int]


class ChangelogReader:
    """Reads changelog partitions in batches, and the bounds of any partition; has no group. Closed with ``close``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._consumer: Any = None

    async def open(self) -> None:
        """Connect. Raises aiokafka.errors.KafkaError when the broker cannot be reached."""
        self._consumer = AIOKafkaConsumer(
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_partition_fetch_bytes=4 * 1024 * 1024,
            fetch_max_wait_ms=100,
            check_crcs=self._settings.check_crcs,
            **aiokafka_options(self._settings),
        )
        await self._consumer.start()

    async def close(self) -> None:
        """Disconnect."""
        if self._consumer is not None:
            await self._consumer.stop()

    async def bounds(self, partitions: Sequence[tuple[str, int]]) -> Bounds:
        """First and end offset of each of these partitions (the end as a reader of committed records sees it)."""
        tps = [TopicPartition(topic, partition) for topic, partition in partitions]
        first = await self._consumer.beginning_offsets(tps)
        end = await self._consumer.end_offsets(tps)
        return Bounds({tuple(tp): offset for tp, offset in first.items()}, {tuple(tp): o for tp, o in end.items()})

    async def read(self, topic: str, partition: int, start: int, end: int, take: Callable[[list[Any]], None]) -> int:
        """Pass the records of [start, end) to ``take`` in batches; returns the position after the last.

        Raises:
            ChangelogStalledError: nothing came for a minute.

        """
        tp = TopicPartition(topic, partition)
        self._consumer.assign([tp])
        self._consumer.seek(tp, start)
        position, moved_at = start, time.monotonic()
        while position < end:
            found = await self._consumer.getmany(tp, timeout_ms=500, max_records=_READ_RECORDS)
            records = found.get(tp, [])
            if records:
                take(records)
                await asyncio.sleep(0)
            here = await self._consumer.position(tp)
            if here > position:
                position, moved_at = here, time.monotonic()
            elif time.monotonic() - moved_at > _STALLED_SECONDS:
                message = f"changelog {topic}-{partition} stands at offset {position} of {end}"
                raise ChangelogStalledError(message)
        return position
