"""The embedded broker: librdkafka's mock cluster, for trying out and for tests, with nothing to install.

It speaks the Kafka protocol on a loopback port, to clients in any process, for as long as this process keeps it open.
It is no place for data that matters:

- each partition keeps its newest 5 MiB or 100,000 messages, whichever is less, and drops older ones without a word;
- everything is forgotten when it stops, consumer groups included;
- nothing is compacted and nothing expires;
- topics are made by `EmbeddedBroker.create_topic`, not by an admin client (it has no CreateTopics request); a client
  that asks for the metadata of an unknown topic makes it, with 4 partitions;
- aiokafka and confluent-kafka connect to it; kafka-python 3 does not;
- transactions are accepted but isolate nothing: an aborted record is read by everyone, a fenced producer may go on, and
  the end of a transaction leaves a marker with a wrong checksum, at which aiokafka stops unless `check_crcs=False`.
  So nothing that a test on it says about transactions holds elsewhere;
- a consumer group that was left by its last member takes the session timeout, less one second, to be joined again: give
  its members a short one (2 s to 6 s). Of two members that join together one may be refused (`InvalidRequestError`), so
  several workers need a real broker.
"""

from __future__ import annotations

import ctypes
from types import TracebackType
from typing import Any, Self

from confluent_kafka import KafkaError, cimpl

_PRODUCER = 0
_BROKER_LOG_LEVEL = b"3"
_MESSAGE_SIZE = 512
_POINTER, _TEXT, _INT, _SIZE = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_size_t
_SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "rd_kafka_conf_new": (_POINTER, []),
    "rd_kafka_conf_set": (_INT, [_POINTER, _TEXT, _TEXT, _TEXT, _SIZE]),
    "rd_kafka_conf_destroy": (None, [_POINTER]),
    "rd_kafka_new": (_POINTER, [_INT, _POINTER, _TEXT, _SIZE]),
    "rd_kafka_destroy": (None, [_POINTER]),
    "rd_kafka_mock_cluster_new": (_POINTER, [_POINTER, _INT]),
    "rd_kafka_mock_cluster_destroy": (None, [_POINTER]),
    "rd_kafka_mock_cluster_bootstraps": (_TEXT, [_POINTER]),
    "rd_kafka_mock_topic_create": (_INT, [_POINTER, _TEXT, _INT, _INT]),
    "rd_kafka_mock_group_initial_rebalance_delay_ms": (None, [_POINTER, ctypes.c_int32]),
}


class EmbeddedBrokerError(RuntimeError):
    """The embedded broker cannot do what was asked.

    Operator action: install confluent-kafka from its wheel (it brings librdkafka), or use a real broker with
    `--bootstrap-servers`.
    """


class EmbeddedBroker:
    """A Kafka broker inside this process, open from `start` to `stop`; also a context manager.

    `brokers` is the number of nodes, `rebalance_delay` how long a new consumer group waits for more members (ms).
    """

    def __init__(self, brokers: int = 1, rebalance_delay: int = 100) -> None:
        self._brokers = brokers
        self._rebalance_delay = rebalance_delay
        self._library: Any = None
        self._client: int | None = None
        self._cluster: int | None = None
        self._partitions: dict[str, int] = {}

    def start(self) -> Self:
        """Open the broker and return it; ready for clients when this returns. Raises EmbeddedBrokerError."""
        if self._cluster is not None:
            return self
        self._library = _library()
        self._client = _client(self._library)
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._client, self._brokers)
        if self._cluster is None:
            self.stop()
            raise EmbeddedBrokerError("librdkafka could not open its mock cluster on the loopback interface")
        self._library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, self._rebalance_delay)
        return self

    def stop(self) -> None:
        """Close the broker and forget all that it holds; harmless when it is not open."""
        cluster, client = self._cluster, self._client
        self._cluster = self._client = None
        self._partitions.clear()
        if cluster is not None:
            self._library.rd_kafka_mock_cluster_destroy(cluster)
        if client is not None:
            self._library.rd_kafka_destroy(client)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def bootstrap_servers(self) -> str:
        """Where clients connect: `host:port`, comma-separated when there are several nodes."""
        found: bytes = self._library.rd_kafka_mock_cluster_bootstraps(self._open())
        return found.decode()

    def create_topic(self, name: str, partitions: int, compacted: bool = False) -> None:  # noqa: ARG002
        """Make a topic; nothing happens when this broker made it before with as many partitions.

        `compacted` is taken for likeness with a real broker: this one never compacts. Raises EmbeddedBrokerError when
        the topic exists with another partition count, or was made by a client's metadata request.
        """
        if self._partitions.get(name) == partitions:
            return
        code = self._library.rd_kafka_mock_topic_create(self._open(), name.encode(), partitions, 1)
        if code:
            message = f"topic {name} with {partitions} partitions: {KafkaError(code).str()}"
            raise EmbeddedBrokerError(message)
        self._partitions[name] = partitions

    def _open(self) -> int:
        if self._cluster is None:
            raise EmbeddedBrokerError("the embedded broker is not started")
        return self._cluster


def _library() -> Any:
    library = ctypes.CDLL(cimpl.__file__)
    for name, (result, arguments) in _SIGNATURES.items():
        try:
            function = getattr(library, name)
        except AttributeError as missing:
            message = f"this build of confluent-kafka does not offer {name}"
            raise EmbeddedBrokerError(message) from missing
        function.restype, function.argtypes = result, arguments
    return library


def _client(library: Any) -> int:
    message = ctypes.create_string_buffer(_MESSAGE_SIZE)
    settings = library.rd_kafka_conf_new()
    library.rd_kafka_conf_set(settings, b"log_level", _BROKER_LOG_LEVEL, message, _MESSAGE_SIZE)
    client: int | None = library.rd_kafka_new(_PRODUCER, settings, message, _MESSAGE_SIZE)
    if client is None:
        library.rd_kafka_conf_destroy(settings)
        failure = f"librdkafka: {message.value.decode()}"
        raise EmbeddedBrokerError(failure)
    return client
