"""The topics on a broker: what should be there, what is, and making what is missing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from agents.compaction import COMPACTED, only_compacted
from agents.connection import with_account
from agents.reach import BrokerError as BrokerError
from agents.reach import Refusals, metadata, patiently, seen
from schemas.topics import CATALOGUE, INPUTS

if TYPE_CHECKING:
    from agents.settings import Settings

_TIMEOUT_SECONDS = 15.0
REPLAYED = "dead-letters-replayed"
"""Compacted topic of the dead letters that were sent again; of all applications, as ``dead-letters`` is."""


class Wanted(msgspec.Struct, frozen=True):
    """A topic as it should be; ``retention_ms`` None means compacted."""

    name: str
    retention_ms: int | None
    description: str
    of_lanes: bool = False
    """It has one partition for each lane, so as many as the input topics."""

    @property
    def config(self) -> dict[str, str]:
        """The topic's settings on the broker."""
        if self.retention_ms is None:
            return dict(COMPACTED)
        return {"cleanup.policy": "delete", "retention.ms": str(self.retention_ms)}


class Found(msgspec.Struct, frozen=True):
    """A topic as it is."""

    partitions: int
    replication: int
    config: dict[str, str]


def wanted(settings: Settings) -> list[Wanted]:
    """Every topic that a worker with these settings needs: inputs, outputs and its own."""
    topics = [Wanted(topic.name, topic.retention_ms, topic.description) for topic in CATALOGUE.values()]
    changelog = Wanted(settings.changelog_topic, None, "Customers and applied offsets; the engine's memory", True)
    rows = Wanted(settings.kpi_rows_topic, None, "What each lane counted, for the figures across customers", True)
    replayed = Wanted(REPLAYED, None, "Which dead letters were sent again; never delete it")
    return [*topics, changelog, rows, replayed]


class TopicAdmin:
    """Looks at and makes topics on the broker of the settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._refusals = Refusals(settings)
        self._client = AdminClient(client_options(settings) | {"error_cb": self._refusals})

    def found(self) -> dict[str, Found]:
        """The topics of this engine that exist.

        Raises:
            BrokerError: the broker does not answer.
        """
        names = [topic.name for topic in wanted(self._settings)]
        with _answering(self._settings):
            listed = self._listed().topics
            there = [name for name in names if name in listed]
            if not there:
                return {}
            configs = patiently(lambda: self._configs(there))
        return {
            name: Found(
                len(listed[name].partitions), len(next(iter(listed[name].partitions.values())).replicas), configs[name]
            )
            for name in there
        }

    def _configs(self, names: Sequence[str]) -> dict[str, dict[str, str]]:
        asked = self._client.describe_configs([ConfigResource(ResourceType.TOPIC, name) for name in names])
        return {
            resource.name: {entry.name: entry.value for entry in future.result(_TIMEOUT_SECONDS).values()}
            for resource, future in asked.items()
        }

    def create(self) -> list[str]:
        """Make the topics that are missing and return their names, once they are seen; what exists is left as it is.

        Raises:
            BrokerError: the broker does not answer or refuses.
        """
        there = self.found()
        partitions = there[INPUTS[0]].partitions if INPUTS[0] in there else self._settings.partitions
        missing = [
            NewTopic(topic.name, partitions, self._settings.replication_factor, config=topic.config)
            for topic in wanted(self._settings)
            if topic.name not in there
        ]
        made = [topic.topic for topic in missing]
        if missing:
            with _answering(self._settings):
                for future in self._client.create_topics(missing).values():
                    future.result(_TIMEOUT_SECONDS)
                patiently(lambda: seen(self._listed(), made))
        return made

    def _listed(self) -> Any:
        return metadata(self._client, self._refusals, self._settings, _TIMEOUT_SECONDS)


def faults(wants: Sequence[Wanted], found: dict[str, Found]) -> list[str]:
    """What is wrong with the topics, one line each; nothing when a worker can run on them."""
    return list(_faults(wants, found))


def _faults(wants: Sequence[Wanted], found: dict[str, Found]) -> Iterator[str]:
    for topic in wants:
        if topic.name not in found:
            yield f"{topic.name} is missing: engage topics create makes it"
    counts = {name: found[name].partitions for name in INPUTS if name in found}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{name} {number}" for name, number in counts.items())
        yield f"the input topics must have the same number of partitions: {listed}"
    for topic in wants:
        there = found.get(topic.name)
        if there is None:
            continue
        policy = there.config.get("cleanup.policy", "")
        if topic.retention_ms is None:
            if not only_compacted(policy):
                yield f"{topic.name} has cleanup.policy {policy or 'unknown'}, must be compact: old state would be lost"
            if topic.of_lanes and counts and there.partitions != max(counts.values()):
                yield f"{topic.name} has {there.partitions} partitions, must have as many as the input topics"
        elif "compact" in policy:
            yield f"{topic.name} has cleanup.policy {policy}, must be delete: events would be lost"


@contextlib.contextmanager
def _answering(settings: Settings) -> Iterator[None]:
    try:
        yield
    except (KafkaException, TimeoutError) as error:
        reason = error.args[0].str() if isinstance(error, KafkaException) else "no answer in time"
        message = f"broker {settings.bootstrap_servers}: {reason}"
        raise BrokerError(message) from error


def client_options(settings: Settings) -> dict[str, Any]:
    """How a confluent-kafka client connects with these settings; it writes no log lines of its own."""
    options: dict[str, Any] = {
        "bootstrap.servers": settings.bootstrap_servers,
        "security.protocol": settings.security_protocol,
        "log_level": 0,
        "socket.timeout.ms": int(_TIMEOUT_SECONDS * 1000),
    }
    files = {
        "ssl.ca.location": settings.ssl_ca_file,
        "ssl.certificate.location": settings.ssl_cert_file,
        "ssl.key.location": settings.ssl_key_file,
    }
    options |= {name: str(path) for name, path in files.items() if path is not None}
    if settings.ssl_key_password is not None:
        options["ssl.key.password"] = settings.ssl_key_password.get_secret_value()
    if with_account(settings):
        options |= {
            "sasl.mechanism": settings.sasl_mechanism,
            "sasl.username": settings.sasl_username,
            "sasl.password": settings.sasl_password.get_secret_value(),
        }
    return options
