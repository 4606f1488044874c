"""Send events to a broker, as the tools do (simulate, demo). The engine's own output goes through ``deliver``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from agents.reach import BrokerError, Refusals, metadata
from agents.topicadmin import client_options

if TYPE_CHECKING:
    from agents.settings import Settings

CONFIG: Final[Mapping[str, str | int | bool]] = {
    "partitioner": "murmur2_random",
    "enable.idempotence": True,
    "linger.ms": 20,
    "message.timeout.ms": 60_000,
}
"""Keys land where Kafka's own clients put them, and keep their order through retries."""
REACH_SECONDS: Final = 10.0
PROGRESS_EVERY: Final = 1_000


class ProduceError(ConnectionError):
    """Events that did not reach the broker: one line names the broker or the topic and the reason.

    Operator action: start the broker or correct its address; make the topics (``engage topics create``); then run the
    same command again. Events that were delivered before are delivered again; the engine drops those duplicates.
    """


def produce(
    bootstrap: str,
    records: Iterable[tuple[str, str | None, bytes]],
    rate: float | None = None,
    on_progress: Callable[[int], None] | None = None,
    settings: Settings | None = None,
) -> int:
    """Send (topic, key, value) records and wait until the broker has confirmed each; how many there were.

    ``rate`` is in events per second (None: as fast as it goes). ``on_progress`` is told now and then how many were
    handed over. ``settings`` say how to connect (TLS, user); None connects as anybody can.

    Raises:
        ProduceError: no broker answers, or it refuses an event.
    """
    refused: list[str] = []

    def confirmed(error: KafkaError | None, message: Message) -> None:
        if error is not None:
            refused.append(f"topic {message.topic()}: {error.str()}")

    producer = _connect(bootstrap, settings)
    begun, count = time.monotonic(), 0
    for topic, key, value in records:
        if rate:
            _wait(producer, begun + count / rate)
        _send(producer, topic, key, value, confirmed)
        count += 1
        if count % PROGRESS_EVERY == 0:
            producer.poll(0)
            if on_progress:
                on_progress(count)
        if refused:
            break
    while not refused and producer.flush(1.0):
        pass
    if refused:
        producer.purge()
        message = f"{bootstrap}: {refused[0]}"
        raise ProduceError(message)
    if on_progress:
        on_progress(count)
    return count


def _connect(bootstrap: str, settings: Settings | None) -> Producer:
    if settings is not None:
        refusals = Refusals(settings)
        producer = Producer({**CONFIG, **client_options(settings), "error_cb": refusals})
        try:
            metadata(producer, refusals, settings, REACH_SECONDS)
        except BrokerError as error:
            raise ProduceError(str(error)) from error
        return producer
    producer = Producer({**CONFIG, "bootstrap.servers": bootstrap, "log_level": 0})
    try:
        producer.list_topics(timeout=REACH_SECONDS)
    except KafkaException as error:
        message = f"{bootstrap}: no broker answers: {error.args[0].str()}"
        raise ProduceError(message) from error
    return producer


def _send(
    producer: Producer,
    topic: str,
    key: str | None,
    value: bytes,
    confirmed: Callable[[KafkaError | None, Message], None],
) -> None:
    while True:
        try:
            producer.produce(topic, value, key, on_delivery=confirmed)
        except BufferError:
            producer.poll(0.1)
        except KafkaException as error:
            message = f"topic {topic}: {error.args[0].str()}"
            raise ProduceError(message) from error
        else:
            return


def _wait(producer: Producer, until: float) -> None:
    while (left := until - time.monotonic()) > 0:
        producer.poll(left)
