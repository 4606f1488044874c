"""How a lane gets its state: fence, read the changelog to its end, and find where each topic goes on."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, NamedTuple

from agents.changelog import Bounds, ChangelogReader, LaneRecord
from schemas.topics import INPUTS

if TYPE_CHECKING:
    from agents.settings import Settings
    from agents.tables import Customers

logger = logging.getLogger(__name__)


class TopicRecreatedError(RuntimeError):
    """An input topic ends before what was applied of it: it was deleted and made anew.

    Operator action: give the worker a new ``ENGAGE_APPLICATION_ID`` (it starts with empty state), or restore the topic.
    """


class Recovered(NamedTuple):
    """``records`` were read; ``lane`` is what the lane knew; ``positions`` is where each input partition goes on."""

    records: int
    seconds: float
    lane: LaneRecord
    positions: dict[tuple[str, int], int]


async def recover(settings: Settings, partition: int, customers: Customers) -> Recovered:
    """Bring a lane's store up to the end of its changelog. Call it after the lane's producer was opened: that fences.

    Raises:
        TopicRecreatedError: an input topic ends below the applied offset.
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
        if store.position > end:
            logger.warning("Lane %d: local state is ahead of its changelog, reading it anew", partition)
            store.clear()
            customers.forget_decoded()
        start = max(store.position, bounds.first[changelog])
        count = await reader.read(*changelog, start, end, customers.read_back) if start < end else 0
    finally:
        await reader.close()
    lane = customers.lane_record()
    return Recovered(count, time.monotonic() - started, lane, positions(lane, bounds, partition))


def positions(lane: LaneRecord, bounds: Bounds, partition: int) -> dict[tuple[str, int], int]:
    """Where each input partition goes on: after the applied record, or at its beginning.

    Raises:
        TopicRecreatedError: an input topic ends below the applied offset.

    """
    found = {}
    for topic in INPUTS:
        tp = (topic, partition)
        applied = lane.applied.get(topic, -1)
        if bounds.end[tp] < applied + 1:
            message = (
                f"topic {topic} partition {partition} ends at {bounds.end[tp]} but offset {applied} was applied: "
                "the topic was deleted and made anew"
            )
            raise TopicRecreatedError(message)
        if bounds.first[tp] > applied + 1 > 0:
            logger.warning("Lane %d: retention took records of %s that were not applied", partition, topic)
        found[tp] = max(applied + 1, bounds.first[tp])
    return found
