"""The only producer: everything that leaves a lane leaves here, outputs and changelog of a chunk together.

``exactly_once``: one transaction for each chunk, on a transactional id that is the lane's own, so that a worker that
was thought dead and comes back is fenced. ``at_least_once``: outputs first and acknowledged, then the changelog; a
crash in between sends the outputs again with the same ids.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerFenced
from aiokafka.partitioner import DefaultPartitioner

from agents.changelog import Change
from agents.connection import aiokafka_options

if TYPE_CHECKING:
    from agents.settings import Guarantee, Settings

logger = logging.getLogger(__name__)

_BATCH_BYTES: Final = 900_000
_murmur2: Final = DefaultPartitioner()


class Record(NamedTuple):
    """One output: where it goes, its key and its value."""

    topic: str
    key: bytes | None
    value: bytes | None


class DeliveryError(RuntimeError):
    """A chunk could not be delivered in the attempts that the settings allow, or another worker has this lane.

    Operator action: check that the brokers can be reached and that ``min.insync.replicas`` are up; the worker has
    exited so that its supervisor starts it anew, and no record is lost or counted twice.
    """


class Delivery:
    """The producer of one lane. ``open`` fences who wrote for this lane before."""

    def __init__(self, settings: Settings, partition: int, guarantee: Guarantee) -> None:
        self._settings = settings
        self._partition = partition
        self._exactly_once = guarantee == "exactly_once"
        self._producer: Any = None
        self._partitions: dict[str, set[int]] = {}

    async def open(self) -> None:
        """Connect; with ``exactly_once`` no other producer of this lane can write after this returns."""
        options: dict[str, Any] = {"acks": "all"}
        if self._exactly_once:
            options = {
                "transactional_id": f"{self._settings.application_id}-lane-{self._partition}",
                "transaction_timeout_ms": self._settings.transaction_timeout_ms,
            }
        self._producer = AIOKafkaProducer(
            linger_ms=0,
            max_batch_size=_BATCH_BYTES,
            client_id=f"{self._settings.application_id}-lane-{self._partition}",
            **options,
            **aiokafka_options(self._settings),
        )
        await self._producer.start()
        changelog = self._settings.changelog_topic
        self._partitions = {changelog: await self._producer.partitions_for(changelog)}

    async def close(self) -> None:
        """Disconnect; what was not committed is not sent."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def send(self, outputs: Sequence[Record], changes: Sequence[Change]) -> int | None:
        """Deliver a chunk; returns the changelog offset after it.

        Raises:
            DeliveryError: it could not be done in the attempts allowed.

        """
        attempts = self._settings.retry_attempts
        for attempt in range(1, attempts + 1):
            try:
                if self._exactly_once:
                    return await self._in_transaction(outputs, changes)
                await self._produce(outputs, ())
                return await self._produce((), changes)
            except ProducerFenced as fenced:
                message = f"lane {self._partition} was taken by another worker"
                raise DeliveryError(message) from fenced
            except (KafkaError, OSError) as failure:
                logger.warning("Lane %d: a chunk was not delivered: %s", self._partition, type(failure).__name__)
                if attempt == attempts:
                    message = f"lane {self._partition}: {type(failure).__name__} after {attempts} attempts: {failure}"
                    raise DeliveryError(message) from failure
                await asyncio.sleep(self._settings.retry_wait_ms * attempt / 1000)
        return None

    async def _in_transaction(self, outputs: Sequence[Record], changes: Sequence[Change]) -> int | None:
        await self._producer.begin_transaction()
        try:
            position = await self._produce(outputs, changes)
        except ProducerFenced:
            raise
        except BaseException:
            await self._producer.abort_transaction()
            raise
        try:
            await self._producer.commit_transaction()
        except (KafkaError, OSError) as failure:
            message = f"lane {self._partition}: the end of a transaction is not known: {failure}"
            raise DeliveryError(message) from failure
        return position

    async def _produce(self, outputs: Sequence[Record], changes: Sequence[Change]) -> int | None:
        """Send all, and wait for all also when one fails: nothing of a failed attempt may fall into the next."""
        queues: dict[tuple[str, int], list[Change]] = defaultdict(list)
        for topic, key, value in outputs:
            queues[topic, await self._target(topic, key)].append((key, value))  # type: ignore[arg-type]
        changelog = (self._settings.changelog_topic, self._partition)
        if changes:
            queues[changelog] = list(changes)
        sending = (self._send(topic, number, queue) for (topic, number), queue in queues.items())
        sent = await asyncio.gather(*sending, return_exceptions=True)
        failures = [result for result in sent if isinstance(result, BaseException)]
        if failures:
            raise failures[0]
        return dict(zip(queues, sent, strict=True)).get(changelog)  # type: ignore[return-value]

    async def _send(self, topic: str, partition: int, records: Iterable[Change]) -> int:
        """One partition's records in as few batches as hold them; returns the offset after the last."""
        now = int(time.time() * 1000)
        producer, acks = self._producer, []
        batch = producer.create_batch()
        for key, value in records:
            if batch.append(key=key, value=value, timestamp=now) is None:
                acks.append(await producer.send_batch(batch, topic, partition=partition))
                batch = producer.create_batch()
                batch.append(key=key, value=value, timestamp=now)
        size = batch.record_count()
        last = await (await producer.send_batch(batch, topic, partition=partition))
        for ack in acks:
            await ack
        end: int = last.offset + size
        return end

    async def partitions(self, topic: str) -> set[int]:
        """The partition numbers of a topic."""
        partitions = self._partitions.get(topic)
        if partitions is None:
            partitions = self._partitions[topic] = await self._producer.partitions_for(topic)
        return partitions

    async def _target(self, topic: str, key: bytes | None) -> int:
        partitions = await self.partitions(topic)
        if len(partitions) == self._lanes() or key is None:
            return self._partition if self._partition in partitions else min(partitions)
        ordered = sorted(partitions)
        target: int = _murmur2(key, ordered, ordered)
        return target

    def _lanes(self) -> int:
        return len(self._partitions.get(self._settings.changelog_topic, ()))
