"""Put the story on the topics at an even pace."""

from __future__ import annotations

import threading
import time
from bisect import bisect_right

from confluent_kafka import Producer

from agents.demo.story import Story

_TICK_SECONDS = 0.1


class Feed(threading.Thread):
    """Sends the story over so many ``seconds``; ``sent`` grows while it runs.

    Keys go to the partition that Kafka's own clients would choose (murmur2).
    """

    def __init__(self, bootstrap_servers: str, story: Story, seconds: float) -> None:
        super().__init__(name="feed", daemon=True)
        self.sent = 0
        self.failure: str | None = None
        self._story = story
        self._seconds = seconds
        self._stopping = threading.Event()
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap_servers,
                "partitioner": "murmur2_random",
                "linger.ms": 20,
                "enable.idempotence": False,
                "log_level": 0,
            }
        )

    def run(self) -> None:
        """Send all, then wait until the broker has them."""
        started = time.monotonic()
        messages, due = self._story.messages, self._story.due
        while self.sent < len(messages) and not self._stopping.is_set():
            share = 1.0 if self._seconds <= 0 else min(1.0, (time.monotonic() - started) / self._seconds)
            for message in messages[self.sent : len(messages) if share == 1.0 else bisect_right(due, share)]:
                self._producer.produce(message.topic, message.value, message.key, on_delivery=self._delivered)
                self.sent += 1
            self._producer.poll(0)
            self._stopping.wait(_TICK_SECONDS)
        self._producer.flush(30)

    def stop(self) -> None:
        """End early."""
        self._stopping.set()
        self.join()

    def _delivered(self, error: object, _message: object) -> None:
        if error is not None:
            self.failure = str(error)
