"""Every record of some partitions, as it lies in the log: also what was aborted and what compaction will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from agents.committed import FETCH_WAIT_MS, STEP_SECONDS
from agents.topicadmin import client_options

if TYPE_CHECKING:
    from agents.settings import Settings

_BATCH: Final = 10_000
_STALLED_SECONDS: Final = 60.0


class Record(NamedTuple):
    """One record; ``at`` is its timestamp (unix ms)."""

    partition: int
    offset: int
    at: int
    key: bytes
    value: bytes | None


def records(
    settings: Settings,
    topic: str,
    starts: Mapping[int, int],
    wanted: Callable[[bytes, bytes | None], bool],
    *,
    committed: bool,
) -> Iterator[Record]:
    """The wanted ones of the partitions of ``starts`` (partition -> first offset), up to their ends.

    ``committed`` False also gives what belongs to transactions that were aborted or are open.

    Raises:
        ConnectionError: the broker does not answer, or stops answering.

    """
    consumer = Consumer(
        client_options(settings)
        | {
            "group.id": f"{settings.application_id}-erasure",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": FETCH_WAIT_MS,
            "isolation.level": "read_committed" if committed else "read_uncommitted",
        }
    )
    try:
        consumer.assign([TopicPartition(topic, number, start) for number, start in starts.items()])
        open_ones, heard_at = set(starts), time.monotonic()
        while open_ones:
            messages = consumer.consume(_BATCH, timeout=STEP_SECONDS)
            if messages:
                heard_at = time.monotonic()
            elif time.monotonic() - heard_at > _STALLED_SECONDS:
                message = f"{topic} on {settings.bootstrap_servers}: nothing comes and the end is not reached"
                raise ConnectionError(message)
            for found in messages:
                failure = found.error()
                if failure is None:
                    key, value = found.key() or b"", found.value()
                    if wanted(key, value):
                        yield Record(found.partition(), found.offset(), found.timestamp()[1], key, value)
                elif failure.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                    open_ones.discard(found.partition())
                elif not failure.retriable():
                    _refuse(failure)
    except KafkaException as error:
        message = f"{topic} on {settings.bootstrap_servers}: {_text(error)}"
        raise ConnectionError(message) from error
    finally:
        consumer.close()


def _refuse(failure: KafkaError) -> NoReturn:
    raise KafkaException(failure)


def _text(error: KafkaException) -> Any:
    return error.args[0].str()
