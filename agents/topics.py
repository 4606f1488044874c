"""Before a worker starts: the topics are made where that is allowed, and what it cannot run on is refused."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from confluent_kafka.admin import AdminClient

from agents.compaction import advice, of_state, unsafe
from agents.footing import ADVICE, Footing, Known, faults_of_inputs, may_restart, state_is_gone
from agents.reach import BrokerError, Refusals, metadata
from agents.topicadmin import TopicAdmin, client_options, faults, wanted
from agents.topicwatch import Evidence, TopicWatch
from schemas.topics import INPUTS

if TYPE_CHECKING:
    from agents.settings import Guarantee, Settings

logger = logging.getLogger(__name__)

_TIMEOUT_SECONDS: Final = 15.0
EMBEDDED: Final = "mockCluster"
"""How the cluster id of the embedded broker begins."""


class TopicsRefusedError(ValueError):
    """The topics on the broker are not such that a worker can run on them without losing or mixing state.

    Operator action: correct what the message names; ``engage topics check`` lists all of it.
    """


class Ground(NamedTuple):
    """What the broker offers: partitions of each input topic, what can be promised to subscribers, and the topics.

    ``topics`` are the inputs and the changelog; empty on the embedded broker, which has no ids of topics.
    """

    partitions: int
    guarantee: Guarantee
    topics: Mapping[str, Known] = MappingProxyType({})

    @property
    def footing(self) -> Footing:
        """What state is written on here."""
        return Footing(self.partitions, {name: topic.id for name, topic in self.topics.items()})


def prepare(settings: Settings) -> Ground:
    """Make topics that are missing, when the settings allow it, and check all of them. Blocks for a moment.

    Raises:
        BrokerError: the broker does not answer.
        TopicsRefusedError: topics are missing, or not co-partitioned, or the changelog is not compacted.

    """
    cluster_id, counts = look(settings)
    embedded = cluster_id.startswith(EMBEDDED)
    if not embedded:
        _refuse_what_is_not_as_it_was(settings)
    if settings.create_topics:
        made = TopicAdmin(settings).create()
        if made:
            logger.info("Topics made: %s", ", ".join(made))
        cluster_id, counts = look(settings)
    inputs = {topic: counts.get(topic, 0) for topic in INPUTS}
    missing = [topic for topic, count in inputs.items() if not count]
    if missing:
        message = f"input topics are missing: {', '.join(missing)}"
        raise TopicsRefusedError(message)
    numbers = set(inputs.values()) | {counts.get(settings.changelog_topic, 0)}
    if len(numbers) > 1:
        listed = ", ".join(f"{name} {number}" for name, number in inputs.items())
        changelog = f"{settings.changelog_topic} {counts.get(settings.changelog_topic, 0)}"
        message = f"the input topics and the changelog must have the same number of partitions: {listed}, {changelog}"
        raise TopicsRefusedError(message)
    if embedded:
        return Ground(numbers.pop(), guarantee(settings, cluster_id))
    _refuse_what_forgets(settings)
    return Ground(numbers.pop(), guarantee(settings, cluster_id), TopicWatch(settings).look())


def _refuse_what_is_not_as_it_was(settings: Settings) -> None:
    """See, before any topic is made, that there is what earlier work of this application stands on.

    Other workers go on meanwhile, and state is there before its offsets are: so the offsets are asked for first.
    """
    changelog, evidence, watch = settings.changelog_topic, Evidence(settings), TopicWatch(settings)
    applied = evidence.applied(watch.look())
    found = watch.look()
    lanes = evidence.lanes(found[changelog].partitions) if changelog in found else {}
    held = {number: record for number, record in lanes.items() if record is not None}
    wrong = list(faults_of_inputs(held, found, changelog, may_restart(settings.restart_inputs)))
    gone = {number: count for number, count in applied.items() if number not in held}
    if gone:
        wrong.append(state_is_gone(changelog, gone, there=changelog in found))
    if wrong:
        message = f"{'; '.join(wrong)}; {ADVICE}"
        raise TopicsRefusedError(message)


def _refuse_what_forgets(settings: Settings) -> None:
    """See that no topic of the engine's loses what it holds; others are looked at where it may make them."""
    try:
        found = TopicAdmin(settings).found()
    except BrokerError as failure:
        if settings.create_topics:
            raise
        logger.warning("Nobody knows whether state is kept: the settings of the topics cannot be read (%s)", failure)
        return
    wants = [topic for topic in wanted(settings) if settings.create_topics or topic.name in of_state(settings)]
    wrong = [*faults(wants, found), *unsafe(settings, found)]
    if wrong:
        raise TopicsRefusedError("; ".join(wrong))
    for line in advice(settings, found):
        logger.warning("%s", line)


def look(settings: Settings) -> tuple[str, dict[str, int]]:
    """The cluster's id, and the partitions of every topic on it.

    Raises:
        BrokerError: the broker does not answer.

    """
    refusals = Refusals(settings)
    client = AdminClient(client_options(settings) | {"error_cb": refusals})
    listed = metadata(client, refusals, settings, _TIMEOUT_SECONDS)
    return str(listed.cluster_id), {name: len(topic.partitions) for name, topic in listed.topics.items()}


def guarantee(settings: Settings, cluster_id: str) -> Guarantee:
    """What can be promised on this cluster: the embedded one takes transactions but isolates nothing."""
    if settings.guarantee == "exactly_once" and cluster_id.startswith(EMBEDDED):
        logger.warning("The embedded broker has no transactions that isolate: at_least_once")
        return "at_least_once"
    return settings.guarantee
