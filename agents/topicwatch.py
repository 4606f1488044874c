"""The topics that a worker stands on, looked at before it starts and while it runs."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from agents.changelog import LANE_KEY, LaneRecord
from agents.committed import FETCH_WAIT_MS, STEP_SECONDS
from agents.footing import ADVICE, Known
from agents.reach import BrokerError, patiently
from agents.topicadmin import client_options
from schemas.topics import INPUTS

if TYPE_CHECKING:
    from agents.lanes.surroundings import Fail
    from agents.settings import Settings

logger = logging.getLogger(__name__)

_SECONDS: Final = 15.0
_TAIL: Final = 100
_RECORDS: Final = 1_000
_WIDER: Final = 20
_lane_decoder: Final = msgspec.msgpack.Decoder(LaneRecord)


class TopicWatch:
    """Looks at the input topics and the changelog."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._admin = AdminClient(client_options(settings))

    def look(self) -> dict[str, Known]:
        """The topics that are there, with their ids. Not for the embedded broker, which has none.

        Raises:
            BrokerError: the broker does not answer or refuses.

        """
        names = TopicCollection([*INPUTS, self._settings.changelog_topic])
        found = {}
        for name, future in self._admin.describe_topics(names, request_timeout=_SECONDS).items():
            try:
                topic = future.result(_SECONDS)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                    message = f"broker {self._settings.bootstrap_servers}: topic {name}: {error.args[0].str()}"
                    raise BrokerError(message) from error
            except TimeoutError as error:
                message = f"broker {self._settings.bootstrap_servers}: no answer in time"
                raise BrokerError(message) from error
            else:
                found[name] = Known(len(topic.partitions), str(topic.topic_id))
        return found

    async def run(self, known: Mapping[str, Known], fail: Fail) -> None:
        """Look again and again, and end the worker when a topic is not what it was when the worker started.

        It must be seen twice: a broker that has only just come up may not know all topics yet.
        """
        seen = ""
        while True:
            await asyncio.sleep(self._settings.topics_check_ms / 1000)
            now = await self.changed(known)
            if now is None:
                continue
            before, seen = seen, now
            if before and seen:
                fail(seen)
                return

    async def changed(self, known: Mapping[str, Known]) -> str | None:
        """What became of these topics, in one line with what to do; empty: nothing. None: the broker does not say."""
        try:
            found = await asyncio.to_thread(self.look)
        except BrokerError as failure:
            logger.debug("The topics could not be looked at: %s", failure)
            return None
        lines = changes(known, found)
        return f"{'; '.join(lines)}; {ADVICE}" if lines else ""


def changes(known: Mapping[str, Known], found: Mapping[str, Known]) -> list[str]:
    """What became of the topics while a worker ran, one line each."""
    lines = []
    for name, before in known.items():
        now = found.get(name)
        if now is None:
            lines.append(f"topic {name} was deleted while the worker ran")
        elif now.id != before.id:
            lines.append(f"topic {name} was deleted and made anew while the worker ran")
        elif now.partitions != before.partitions:
            lines.append(f"topic {name} has {now.partitions} partitions, expected {before.partitions} as at the start")
    return lines


class Evidence:
    """What the brokers tell of earlier work of this application."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def lanes(self, partitions: int) -> dict[int, LaneRecord | None]:
        """What each lane knew of itself when it was last delivered, from the end of its changelog; None: empty.

        Raises:
            BrokerError: the broker does not answer.

        """
        changelog = self._settings.changelog_topic
        options = {
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": FETCH_WAIT_MS,
        }
        consumer = self._consumer(f"{self._settings.application_id}-recovery", options)
        try:
            return patiently(lambda: _newest(consumer, changelog, partitions))
        except KafkaException as error:
            raise self._unanswered(error) from error
        finally:
            consumer.close()

    def applied(self, found: Mapping[str, Known]) -> dict[int, int]:
        """Records that the group has said it applied, by partition number; partitions without are left out.

        Raises:
            BrokerError: the broker does not answer.

        """
        asked = [
            TopicPartition(topic, number) for topic in INPUTS if topic in found for number in range(found[topic][0])
        ]
        consumer = self._consumer(self._settings.application_id, {})
        try:
            told = patiently(lambda: consumer.committed(asked, timeout=_SECONDS)) if asked else []
        except KafkaException as error:
            raise self._unanswered(error) from error
        finally:
            consumer.close()
        sums: dict[int, int] = {}
        for place in told:
            if place.offset > 0:
                sums[place.partition] = sums.get(place.partition, 0) + place.offset
        return sums

    def _consumer(self, group: str, options: dict[str, Any]) -> Consumer:
        return Consumer(client_options(self._settings) | {"group.id": group, "enable.auto.commit": False} | options)

    def _unanswered(self, error: KafkaException) -> BrokerError:
        return BrokerError(f"broker {self._settings.bootstrap_servers}: {error.args[0].str()}")


def _newest(consumer: Consumer, topic: str, partitions: int) -> dict[int, LaneRecord | None]:
    """The newest record of each lane: the last records are read, and more of them where it is not among those."""
    bounds = {
        number: consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=_SECONDS)
        for number in range(partitions)
    }
    newest: dict[int, LaneRecord | None] = dict.fromkeys(bounds)
    waiting = {number for number, (first, end) in bounds.items() if first < end}
    tail = _TAIL
    while waiting:
        starts = {number: max(bounds[number][0], bounds[number][1] - tail) for number in waiting}
        for number, value in _tails(consumer, topic, starts, bounds).items():
            newest[number] = _lane_decoder.decode(value)
        waiting = {number for number in waiting if newest[number] is None and starts[number] > bounds[number][0]}
        tail *= _WIDER
    return newest


def _tails(
    consumer: Consumer, topic: str, starts: Mapping[int, int], bounds: Mapping[int, tuple[int, int]]
) -> dict[int, bytes]:
    """The last value of the lane's own record in each partition, from these offsets to the end."""
    consumer.assign([TopicPartition(topic, number, start) for number, start in starts.items()])
    waiting, found = set(starts), {}
    deadline = time.monotonic() + _SECONDS
    while waiting:
        messages = consumer.consume(_RECORDS, timeout=STEP_SECONDS)
        if messages:
            deadline = time.monotonic() + _SECONDS
        elif time.monotonic() > deadline:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"nothing came of {topic}"))  # noqa: SLF001
        for message in messages:
            number, failure = message.partition(), message.error()
            if failure is not None and failure.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                raise KafkaException(failure)
            if failure is None and message.key() == LANE_KEY and message.value():
                found[number] = message.value()
            if failure is not None or message.offset() + 1 >= bounds[number][1]:
                waiting.discard(number)
    return found
