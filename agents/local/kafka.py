"""Apache Kafka on this machine: one node in KRaft mode, from the jars that `make kafka` has put in the cache."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from agents.local.process import LOOPBACK, LocalServer, ServerError, ServerMissingError, free_port

_QUIET = {"log_level": 0, "reconnect.backoff.max.ms": 200}
_ADMIN_SECONDS = 30.0
_FORMAT_SECONDS = 60.0
_VISIBLE_SECONDS = 0.05
_BRIEF = "-XX:TieredStopAtLevel=1"
"""For a process that ends before it is worth while to compile well."""
_LOGGING = """\
status = warn
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %c - %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""


def cache() -> Path:
    """The folder for what is fetched once: `ENGAGE_CACHE`, else `engage` in the user's cache folder."""
    named = os.environ.get("ENGAGE_CACHE")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "engage"


def missing() -> str | None:
    """What this machine lacks to run Apache Kafka, in one line; None when it can."""
    if shutil.which("java") is None:
        return "java is not installed (Debian: default-jre-headless)"
    if not any((cache() / "kafka").glob("kafka_*.jar")):
        return f"Apache Kafka is not in {cache()} (make kafka)"
    return None


class KafkaServer(LocalServer):
    """A single Kafka node with all that one node can do: groups, transactions, compaction.

    `heap` is the size of the JVM's heap, `properties` are laid over the broker's own (see `_node`).
    Topics are not made by asking for them: see `create_topic`.
    """

    name = "kafka"

    def __init__(
        self, data: Path | None = None, heap: str = "512m", properties: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(data)
        self._heap = heap
        self._properties = dict(properties or {})
        self._port = free_port()
        self._controller_port = free_port()

    @property
    def bootstrap_servers(self) -> str:
        """Where clients connect: `host:port`, the same over restarts."""
        return f"{LOOPBACK}:{self._port}"

    def create_topic(self, name: str, partitions: int, compacted: bool = False) -> None:
        """Make a topic that clients see when this returns; nothing happens when it exists with as many partitions.

        Raises ServerError when it cannot.
        """
        admin = AdminClient({"bootstrap.servers": self.bootstrap_servers, **_QUIET})
        config = {"cleanup.policy": "compact"} if compacted else {}
        made = admin.create_topics([NewTopic(name, partitions, 1, config=config)], request_timeout=_ADMIN_SECONDS)
        try:
            made[name].result(_ADMIN_SECONDS)
        except KafkaException as error:
            failure = error.args[0]
            found = len(admin.list_topics(name, timeout=_ADMIN_SECONDS).topics[name].partitions)
            if failure.code() != KafkaError.TOPIC_ALREADY_EXISTS or found != partitions:
                message = f"topic {name} with {partitions} partitions: {failure.str()} (it has {found})"
                raise ServerError(message) from error
        while name not in admin.list_topics(timeout=_ADMIN_SECONDS).topics:
            time.sleep(_VISIBLE_SECONDS)

    def prepare(self) -> None:
        """Write the node's properties and format its storage, once per data folder. Raises ServerMissingError."""
        lack = missing()
        if lack is not None:
            raise ServerMissingError(lack)
        (self.data / "log4j2.properties").write_text(_LOGGING)
        properties = self.data / "server.properties"
        properties.write_text("".join(f"{key}={value}\n" for key, value in self._node().items()))
        if (self.data / "topics" / "meta.properties").exists():
            return
        cluster = "engage" + uuid.uuid4().hex[:16]
        storage = [_BRIEF, "kafka.tools.StorageTool", "format", "--cluster-id", cluster, "--config", str(properties)]
        with self.log.open("ab") as log:
            done = subprocess.run(self._java(*storage), stdout=log, stderr=log, timeout=_FORMAT_SECONDS, check=False)  # noqa: S603
        if done.returncode:
            raise self._failure("could not format its storage")

    def command(self) -> Sequence[str]:
        """Return the command line of the node."""
        return self._java("kafka.Kafka", str(self.data / "server.properties"))

    def answers(self, seconds: float) -> bool:
        """Whether the node answers a client's metadata request."""
        try:
            found = AdminClient({"bootstrap.servers": self.bootstrap_servers, **_QUIET}).list_topics(timeout=seconds)
        except KafkaException:
            return False
        return bool(found.brokers)

    def _java(self, *arguments: str) -> list[str]:
        options = [f"-Xmx{self._heap}", "-Xms128m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError"]
        logging = f"-Dlog4j2.configurationFile={self.data / 'log4j2.properties'}"
        return [shutil.which("java") or "java", *options, logging, "-cp", f"{cache() / 'kafka'}/*", *arguments]

    def _node(self) -> dict[str, str]:
        controller = f"{LOOPBACK}:{self._controller_port}"
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{controller}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{self.bootstrap_servers},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap_servers}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": str(self.data / "topics"),
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "4",
            "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "group.initial.rebalance.delay.ms": "100",
            "group.min.session.timeout.ms": "1000",
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "500",
            "num.network.threads": "2",
            "num.io.threads": "2",
            "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
            **self._properties,
        }
