"""State moves to more partitions: every customer to the lane where its key belongs from then on, nothing lost.

The workers are stopped and everything was applied, so the input topics can grow where they are, and the new lanes begin
at the ends of the old ones. The state goes under a new application id in one transaction: it is there whole, or not at
all and the command can be run again. The old state stays as it is, and no worker can use it on the wider topics.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aiokafka.partitioner import DefaultPartitioner
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewPartitions

from agents.changelog import CUSTOMER, ERASURE, FIGURE, Change, LaneRecord
from agents.committed import committed_records
from agents.kpis.rows import unpack_row
from agents.tables import lane_change
from agents.topicadmin import BrokerError, TopicAdmin, client_options
from agents.topicwatch import Evidence, TopicWatch
from agents.view.rebuild import load
from schemas.topics import INPUTS
from streams.figures.scores import SCORED, SCORES

if TYPE_CHECKING:
    from agents.footing import Known
    from agents.settings import Settings

_SECONDS: Final = 60.0
_TRANSACTION_MS: Final = 900_000
"""The longest that brokers allow unless told otherwise; what is not done by then is undone."""
_MESSAGE_MS: Final = 300_000
_LARGEST_BYTES: Final = 8 * 1024 * 1024
_murmur2: Final = DefaultPartitioner()


class RepartitionError(ValueError):
    """The state cannot be moved as things are; nothing was changed.

    Operator action: do what the line says and run the command again.
    """


class Moved(NamedTuple):
    """How many customers are in how many partitions now, and how many of them changed the lane."""

    customers: int
    moved: int
    partitions: int


def repartition(old: Settings, new: Settings) -> Moved:
    """Move the state of one application to another with ``new.partitions`` partitions, and widen the input topics.

    Raises:
        RepartitionError: workers run, or not all was applied, or there is nothing to move, or a place is taken.
        BrokerError: the broker does not answer or refuses.

    """
    try:
        return _move(old, new)
    except (KafkaException, TimeoutError) as error:
        reason = error.args[0].str() if isinstance(error, KafkaException) else "no answer in time"
        message = f"broker {old.bootstrap_servers}: {reason}; the command can be run again"
        raise BrokerError(message) from error


def _move(old: Settings, new: Settings) -> Moved:
    found = TopicWatch(old).look()
    lanes = _lanes(old, new, found)
    _see_that_nobody_works(old, len(lanes))
    _see_that_all_is_applied(old, lanes, found)
    there = TopicWatch(new).look()
    if new.changelog_topic in there and _holds_state(new, there[new.changelog_topic].partitions):
        message = f"{new.changelog_topic} has state already: give --to an application id that was not used"
        raise RepartitionError(message)
    _widen(new, found)
    _seen(new, INPUTS)
    TopicAdmin(new).create()
    return _copy(old, new, lanes, _seen(new, (*INPUTS, new.changelog_topic)))


def _lanes(old: Settings, new: Settings, found: dict[str, Known]) -> dict[int, LaneRecord]:
    changelog = old.changelog_topic
    held = Evidence(old).lanes(found[changelog].partitions) if changelog in found else {}
    lanes = {number: record for number, record in held.items() if record is not None}
    missing = [topic for topic in INPUTS if topic not in found]
    if not lanes or missing:
        message = f"there is no state to move: {', '.join(missing) or changelog} is missing or empty"
        raise RepartitionError(message)
    if new.partitions <= len(held) or any(found[topic].partitions > new.partitions for topic in INPUTS):
        message = f"topics cannot shrink: --partitions must be more than the {len(held)} of {changelog}"
        raise RepartitionError(message)
    if old.application_id == new.application_id:
        message = f"give --to an application id other than {old.application_id}"
        raise RepartitionError(message)
    return {number: lanes.get(number, LaneRecord({}, 0)) for number in held}


def _see_that_nobody_works(old: Settings, lanes: int) -> None:
    """No member in the group, and whoever comes back is fenced."""
    admin = AdminClient(client_options(old))
    members = len(admin.describe_consumer_groups([old.application_id])[old.application_id].result(_SECONDS).members)
    if members:
        message = f"{members} workers of {old.application_id} run: stop them first"
        raise RepartitionError(message)
    for number in range(lanes):
        name = {"transactional.id": f"{old.application_id}-lane-{number}"}
        Producer(client_options(old) | name).init_transactions(_SECONDS)


def _see_that_all_is_applied(old: Settings, lanes: dict[int, LaneRecord], found: dict[str, Known]) -> None:
    for topic in INPUTS:
        starts = {number: record.applied.get(topic, -1) + 1 for number, record in lanes.items()}
        for message in committed_records(old, topic, found[topic].partitions, starts=starts):
            if message.partition() not in lanes or message.offset() >= starts[message.partition()]:
                place = f"partition {message.partition()}, offset {message.offset()}"
                words = (
                    f"topic {topic} has records that were not applied ({place}): stop the producers, let the workers"
                )
                line = f"{words} catch up, then stop them and run this again"
                raise RepartitionError(line)


def _holds_state(new: Settings, partitions: int) -> bool:
    return next(committed_records(new, new.changelog_topic, partitions), None) is not None


def _widen(new: Settings, found: dict[str, Known]) -> None:
    admin = AdminClient(client_options(new))
    grow = [NewPartitions(topic, new.partitions) for topic in INPUTS if found[topic].partitions < new.partitions]
    for future in admin.create_partitions(grow).values() if grow else ():
        future.result(_SECONDS)


def _seen(new: Settings, names: Iterable[str]) -> dict[str, Known]:
    """The topics, once the brokers tell of these as wide as they were made."""
    deadline = time.monotonic() + _SECONDS
    while True:
        found = TopicWatch(new).look()
        counts = {found[name].partitions if name in found else 0 for name in names}
        if counts == {new.partitions}:
            return found
        if time.monotonic() > deadline:
            message = f"topics have {sorted(counts)} partitions, expected {new.partitions}"
            raise RepartitionError(message)
        time.sleep(0.2)


def _copy(old: Settings, new: Settings, lanes: dict[int, LaneRecord], found: dict[str, Known]) -> Moved:
    limits = {"transaction.timeout.ms": _TRANSACTION_MS, "message.timeout.ms": _MESSAGE_MS, "linger.ms": 50}
    name = {"transactional.id": f"{new.application_id}-repartition", "message.max.bytes": _LARGEST_BYTES}
    producer = Producer(client_options(new) | limits | name)
    producer.init_transactions(_SECONDS)
    producer.begin_transaction()
    now, ids = max(record.now for record in lanes.values()), {topic: known.id for topic, known in found.items()}
    customers = moved = 0
    for number in range(new.partitions):
        if number in lanes:
            for change in asyncio.run(load(old, number)).items():
                for topic, target in _places(change, number, new):
                    _produce(producer, topic, target, change)
                    customers += change[0][:1] == CUSTOMER
                    moved += change[0][:1] == CUSTOMER and target != number
        applied = lanes[number].applied if number in lanes else {}
        _produce(producer, new.changelog_topic, number, lane_change(LaneRecord(applied, now, new.partitions, ids)))
    producer.flush(_MESSAGE_MS / 1000)
    producer.commit_transaction(_SECONDS)
    return Moved(customers, moved, new.partitions)


def _places(change: Change, lane: int, new: Settings) -> Iterator[tuple[str, int]]:
    """Where a record of an old lane goes.

    The mark of an erasure has no name to find its lane by, so all have it. Figures stay with the lane that counted
    them, but the scores at the end of a day are counted anew, for the customers that a lane has now.
    """
    key, kind = change[0], change[0][:1]
    if kind == CUSTOMER:
        partitions = list(range(new.partitions))
        yield new.changelog_topic, int(_murmur2(key[1:], partitions, partitions))
    elif kind == ERASURE:
        for number in range(new.partitions):
            yield new.changelog_topic, number
    elif kind == FIGURE and unpack_row(key).figure not in (SCORED, SCORES):
        yield new.changelog_topic, lane
        yield new.kpi_rows_topic, lane


def _produce(producer: Any, topic: str, partition: int, change: Change) -> None:
    while True:
        try:
            producer.produce(topic, key=change[0], value=change[1], partition=partition)
        except BufferError:
            producer.poll(0.1)
        else:
            producer.poll(0)
            return
