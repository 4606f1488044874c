"""Dead letters are sent to their topics again, each exactly once, however often this runs and wherever it is killed.

One transaction holds some records for the input topics and, for each, a mark on a compacted topic that says which
letter it was. Both are there or neither is. The transactional id is the same for all runs: who opens it ends what an
earlier run left open and fences that run, and only then are the marks read. So no letter is sent that a run before has
sent, and no two runs can both send one. Letters are known by where they were read, not by who refused them: two
applications on the same topics share the marks.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import orjson
from aiokafka.partitioner import DefaultPartitioner
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from agents.deadletters.plan import Item
from agents.produce import CONFIG
from agents.reach import patiently, seen
from agents.topicadmin import REPLAYED, BrokerError, client_options
from agents.topics import EMBEDDED, look
from schemas.times import format_instant

if TYPE_CHECKING:
    from agents.settings import Settings

TRANSACTIONAL_ID: Final = "dead-letters-replay"
_murmur2: Final = DefaultPartitioner()
_BATCH: Final = 200
_WAIT_SECONDS: Final = 60.0
_TRANSACTION_MS: Final = 15_000
"""How long a run that was killed holds up those who read its topics: a batch takes a fraction of it."""
_LARGEST_BYTES: Final = 8 * 1024 * 1024
_COMMITS: Final = 5
_FENCED: Final = frozenset({KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH})  # noqa: SLF001


class SendingError(ConnectionError):
    """Some letters were not sent, or it is not known whether they were.

    Operator action: mend what the line names and run the same command again: it sends only what was not sent.
    """


class MarksError(ValueError):
    """The topic of the marks is not such that it remembers what was sent.

    Operator action: make it as the line says, with ``engage topics create``.
    """


class Sender:
    """Sends letters; ``open`` fences every run before, so read the marks (``sent_before``) after it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        cluster, self._counts = look(settings)
        self.isolated = not cluster.startswith(EMBEDDED)
        """Whether the broker has transactions that isolate. Without, a run that is killed may send some twice."""
        self._producer: Producer | None = None
        self.marks: int | None = None
        """Partitions of the topic of the marks; None before ``open``."""

    def open(self) -> None:
        """Make the topic of the marks when it is missing, and take over from every run before.

        Raises:
            MarksError: the topic of the marks is missing and may not be made, or is not compacted.
            BrokerError: the broker does not answer or refuses.

        """
        options = {**CONFIG, **client_options(self._settings), "message.max.bytes": _LARGEST_BYTES}
        try:
            self.marks = self._marks_are_kept()
            if not self.isolated:
                self._producer = Producer(options)
                return
            limits = {"transaction.timeout.ms": _TRANSACTION_MS, "message.timeout.ms": _TRANSACTION_MS}
            self._producer = Producer(options | limits | {"transactional.id": TRANSACTIONAL_ID})
            self._producer.init_transactions(_WAIT_SECONDS)
        except (KafkaException, TimeoutError) as error:
            reason = error.args[0].str() if isinstance(error, KafkaException) else "no answer in time"
            message = f"broker {self._settings.bootstrap_servers}: {reason}"
            raise BrokerError(message) from error

    def target(self, item: Item) -> int | None:
        """The partition where the key of this record belongs now; None without a key: any."""
        partitions = list(range(self._counts.get(item.letter.record.topic, 0)))
        if item.key is None or not partitions:
            return None
        return int(_murmur2(item.key, partitions, partitions))

    def send(self, items: Iterator[Item]) -> Iterator[Sequence[Item]]:
        """Send these in batches; each batch is yielded when it is safe.

        Raises:
            SendingError: a batch was not sent, or it is not known; those before are safe.

        """
        while batch := list(islice(items, _BATCH)):
            try:
                if self.isolated:
                    self._in_transaction(batch)
                else:
                    self._one_after_the_other(batch)
            except KafkaException as error:
                raise SendingError(self._why(error.args[0])) from error
            yield batch

    def _in_transaction(self, batch: Sequence[Item]) -> None:
        producer = self._open()
        producer.begin_transaction()
        try:
            self._produce_letters(batch)
            self._produce_marks(batch)
            self._commit()
        except KafkaException as error:
            if error.args[0].txn_requires_abort():
                producer.abort_transaction(_WAIT_SECONDS)
            raise
        except KeyboardInterrupt:
            producer.abort_transaction(_WAIT_SECONDS)
            raise

    def _commit(self) -> None:
        for attempt in range(1, _COMMITS + 1):
            try:
                self._open().commit_transaction(_WAIT_SECONDS)
            except KafkaException as error:
                if attempt == _COMMITS or not error.args[0].retriable():
                    raise
            else:
                return

    def _one_after_the_other(self, batch: Sequence[Item]) -> None:
        """Letters first: one that is killed between the two sends them again, and the engine knows the event ids."""
        for produce in (self._produce_letters, self._produce_marks):
            failures = produce(batch)
            if self._open().flush(_WAIT_SECONDS) or failures:
                raise KafkaException(failures[0] if failures else KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001

    def _produce_letters(self, batch: Sequence[Item]) -> list[Any]:
        failures: list[Any] = []
        for item in batch:
            self._hand_over(item.letter.record.topic, item.key, item.value, list(item.headers), failures)
        return failures

    def _produce_marks(self, batch: Sequence[Item]) -> list[Any]:
        failures: list[Any] = []
        at = format_instant(int(time.time() * 1000))
        for item in batch:
            mark = {"at": at, "topic": item.letter.record.topic, "changed": item.value != item.letter.value}
            self._hand_over(REPLAYED, item.letter.full_id.encode(), orjson.dumps(mark), None, failures)
        return failures

    def _hand_over(self, topic: str, key: Any, value: Any, headers: Any, failures: list[Any]) -> None:
        def confirmed(error: Any, _message: Any) -> None:
            if error is not None:
                failures.append(error)

        producer = self._open()
        while True:
            try:
                producer.produce(topic, value=value, key=key, headers=headers, on_delivery=confirmed)
            except BufferError:
                producer.poll(0.1)
            else:
                return

    def _open(self) -> Producer:
        if self._producer is None:
            raise RuntimeError("open() comes first")
        return self._producer

    def _why(self, error: KafkaError) -> str:
        again = "run the same command again: it sends only what was not sent"
        if error.code() in _FENCED:
            return f"another replay of dead letters has taken over, so this one stops; {again}"
        return f"broker {self._settings.bootstrap_servers}: {error.str()}; {again}"

    def _marks_are_kept(self) -> int:
        """See that the topic of the marks is there and forgets nothing, or make it; returns its partitions."""
        admin = AdminClient(client_options(self._settings))
        if not self.isolated:
            return seen(admin.list_topics(REPLAYED, timeout=_WAIT_SECONDS), [REPLAYED])[REPLAYED]
        if REPLAYED not in self._counts:
            if not self._settings.create_topics:
                message = f"topic {REPLAYED} is missing: engage topics create makes it (compacted)"
                raise MarksError(message)
            wanted = NewTopic(REPLAYED, 1, self._settings.replication_factor, config={"cleanup.policy": "compact"})
            try:
                admin.create_topics([wanted])[REPLAYED].result(_WAIT_SECONDS)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise
        resource = ConfigResource(ResourceType.TOPIC, REPLAYED)
        config = patiently(lambda: admin.describe_configs([resource])[resource].result(_WAIT_SECONDS))
        policy = config["cleanup.policy"].value
        if policy != "compact":
            message = f"topic {REPLAYED} has cleanup.policy {policy}, must be compact: what was sent would be forgotten"
            raise MarksError(message)
        return patiently(lambda: seen(admin.list_topics(timeout=_WAIT_SECONDS), [REPLAYED]))[REPLAYED]
