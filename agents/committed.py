"""What is on topics now: every committed record from a time on, up to the end that was there when reading began."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from agents.topicadmin import BrokerError, client_options

if TYPE_CHECKING:
    from agents.settings import Settings

_RECORDS: Final = 1_000
STEP_SECONDS: Final = 0.05
"""``consume`` waits until it has as many as asked for, or so long: at an end there are fewer."""
FETCH_WAIT_MS: Final = 10
_STALLED_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 20.0


def committed_records(
    settings: Settings, topic: str, partitions: int, since: int | None = None, starts: Mapping[int, int] | None = None
) -> Iterator[Any]:
    """Records (confluent-kafka messages) of all partitions of a topic, each partition in its order.

    ``since`` (ms) leaves out what was written before, ``starts`` what is before that offset of its partition. What open
    and aborted transactions wrote is not seen.

    Raises:
        BrokerError: the broker does not answer, or stops to while it is read.

    """
    consumer = Consumer(
        client_options(settings)
        | {
            "group.id": f"{settings.application_id}-tools",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "check.crcs": settings.check_crcs,
            "fetch.wait.max.ms": FETCH_WAIT_MS,
        }
    )
    try:
        yield from _to_the_end(consumer, topic, _begin(consumer, topic, partitions, since, starts or {}))
    except KafkaException as error:
        message = f"broker {settings.bootstrap_servers}: topic {topic}: {error.args[0].str()}"
        raise BrokerError(message) from error
    finally:
        consumer.close()


def _begin(
    consumer: Consumer, topic: str, partitions: int, since: int | None, least: Mapping[int, int]
) -> dict[int, int]:
    """Assign what has records; returns the end of each such partition."""
    starts, ends = {}, {}
    for number in range(partitions):
        first, end = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=_LOOK_SECONDS)
        starts[number], ends[number] = max(first, least.get(number, 0)), end
    if since is not None:
        asked = [TopicPartition(topic, number, since) for number in ends]
        for found in consumer.offsets_for_times(asked, timeout=_LOOK_SECONDS):
            starts[found.partition] = found.offset if found.offset >= 0 else ends[found.partition]
    waiting = {number: end for number, end in ends.items() if starts[number] < end}
    consumer.assign([TopicPartition(topic, number, starts[number]) for number in waiting])
    return waiting


def _to_the_end(consumer: Consumer, topic: str, waiting: dict[int, int]) -> Iterator[Any]:
    moved_at = time.monotonic()
    while waiting:
        found = consumer.consume(_RECORDS, timeout=STEP_SECONDS)
        if found:
            moved_at = time.monotonic()
        elif time.monotonic() - moved_at > _STALLED_SECONDS:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"nothing came of {topic}"))  # noqa: SLF001
        for message in found:
            number, failure = message.partition(), message.error()
            if failure is not None:
                if failure.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                    raise KafkaException(failure)
                waiting.pop(number, None)
            elif number in waiting:
                yield message
                if message.offset() + 1 >= waiting[number]:
                    del waiting[number]
