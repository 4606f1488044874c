"""How a lane gets its state: fence, read the changelog to its end, and find where each topic goes on."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from agents.changelog import Bounds, ChangelogReader, LaneRecord
from agents.footing import ADVICE, made_anew, may_restart, partitions_changed
from schemas.topics import INPUTS

if TYPE_CHECKING:
    from agents.footing import Footing
    from agents.settings import Settings
    from agents.tables import Customers

logger = logging.getLogger(__name__)


class TopicRecreatedError(RuntimeError):
    """An input topic is not the one that was applied: it was deleted and made anew.

    Operator action: deploy/topics.md; ``ENGAGE_RESTART_INPUTS`` reads it from its beginning and keeps the state.
    """


class PartitionsChangedError(RuntimeError):
    """The topics have another number of partitions than those of the lane's state: customers are in other lanes now.

    Operator action: deploy/topics.md; ``engage topics repartition`` moves the state.
    """


class Recovered(NamedTuple):
    """``records`` were read; ``lane`` is what the lane knew; ``positions`` is where each input partition goes on."""

    records: int
    seconds: float
    lane: LaneRecord
    positions: dict[tuple[str, int], int]


async def recover(settings: Settings, partition: int, customers: Customers, footing: Footing) -> Recovered:
    """Bring a lane's store up to the end of its changelog. Call it after the lane's producer was opened: that fences.

    Raises:
        TopicRecreatedError: an input topic is another one than that which was applied.
        PartitionsChangedError: the topics have another number of partitions than the state was written with.
        ChangelogStalledError: the changelog could not be read to its end.
        confluent_kafka.KafkaException: the broker cannot be reached.

    """
    started = time.monotonic()
    store = customers.store
    changelog = (settings.changelog_topic, partition)
    inputs = [(topic, partition) for topic in INPUTS]
    reader = ChangelogReader(settings)
    try:
        bounds = await reader.bounds([changelog, *inputs])
        end = bounds.end[changelog]
        known = customers.lane_record().ids.get(settings.changelog_topic)
        another = known not in (None, footing.ids.get(settings.changelog_topic, known))
        if store.position > end or another:
            logger.warning("Lane %d: local state is not of this changelog, reading it anew", partition)
            store.clear()
            customers.forget_decoded()
        start = max(store.position, bounds.first[changelog])
        count = await reader.read(*changelog, start, end, customers.read_back) if start < end else 0
    finally:
        await reader.close()
    lane = customers.lane_record()
    if lane.partitions not in (0, footing.partitions):
        how = partitions_changed("of the inputs", footing.partitions, lane.partitions, settings.changelog_topic)
        message = f"{how}; {ADVICE}"
        raise PartitionsChangedError(message)
    lane = restarted(lane, bounds, partition, footing, may_restart(settings.restart_inputs))
    return Recovered(count, time.monotonic() - started, lane, positions(lane, bounds, partition, footing))


def restarted(
    lane: LaneRecord, bounds: Bounds, partition: int, footing: Footing, restart: frozenset[str]
) -> LaneRecord:
    """What the lane knows, without the offsets of topics that may begin anew and have."""
    gone = {
        topic
        for topic, applied in lane.applied.items()
        if topic in restart and (bounds.end[topic, partition] <= applied or _is_another(topic, lane, footing))
    }
    for topic in sorted(gone):
        logger.warning("Lane %d: topic %s was made anew and is read from its beginning", partition, topic)
    kept = {topic: offset for topic, offset in lane.applied.items() if topic not in gone}
    return msgspec.structs.replace(lane, applied=kept) if gone else lane


def _is_another(topic: str, lane: LaneRecord, footing: Footing) -> bool:
    known, now = lane.ids.get(topic), footing.ids.get(topic)
    return bool(known and now and known != now)


def positions(lane: LaneRecord, bounds: Bounds, partition: int, footing: Footing) -> dict[tuple[str, int], int]:
    """Where each input partition goes on: after the applied record, or at its beginning.

    Raises:
        TopicRecreatedError: an input topic is another one than that which was applied.

    """
    found = {}
    for topic in INPUTS:
        tp = (topic, partition)
        applied = lane.applied.get(topic, -1)
        how = None
        if bounds.end[tp] < applied + 1:
            how = f"partition {partition} ends at {bounds.end[tp]} but offset {applied} was applied"
        elif applied >= 0 and _is_another(topic, lane, footing):
            how = f"its id is {footing.ids[topic]}, expected {lane.ids[topic]}"
        if how is not None:
            message = f"{made_anew(topic, how)}; {ADVICE}"
            raise TopicRecreatedError(message)
        if bounds.first[tp] > applied + 1 > 0:
            logger.warning("Lane %d: retention took records of %s that were not applied", partition, topic)
        found[tp] = max(applied + 1, bounds.first[tp])
    return found
