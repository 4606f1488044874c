"""What a lane asks of the consumer that feeds it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from faust.types import TP


class Flow(Protocol):
    """Fetching of a lane's partitions, by topic and partition."""

    async def seek(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Fetch on from these offsets."""

    def pause(self, topic: str, partition: int) -> None:
        """Fetch no more of it for now."""

    def release(self, partitions: Iterable[tuple[str, int]]) -> None:
        """Fetch these (again)."""

    def at_end(self, topic: str, partition: int, handed_over: int) -> int | None:
        """When (wall ms) the partition was seen to hold nothing after offset ``handed_over``; None: it has more."""

    def heard_at(self, topic: str, partition: int) -> int | None:
        """When (wall ms) the broker last said something of the partition; None: not since it was sought."""

    def lag(self, topic: str, partition: int, applied: int) -> int:
        """Records on the broker after offset ``applied``."""


class ConsumerFlow:
    """The flow of a Faust app's chunk consumer."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def seek(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Fetch on from these offsets; what was seen before no longer holds."""
        for topic, partition in positions:
            self._app.consumer.standings.forget(topic, partition)
        await self._app.consumer.seek_wait({TP(*tp): offset for tp, offset in positions.items()})
        for topic, partition in positions:
            self._app.consumer.standings.forget(topic, partition)

    def pause(self, topic: str, partition: int) -> None:
        """Fetch no more of it for now."""
        self._app.consumer.pause_partitions({TP(topic, partition)})

    def release(self, partitions: Iterable[tuple[str, int]]) -> None:
        """Fetch these (again)."""
        self._app.consumer.release_partitions({TP(*tp) for tp in partitions})

    def at_end(self, topic: str, partition: int, handed_over: int) -> int | None:
        """As last seen between two fetches."""
        seen: int | None = self._app.consumer.standings.at_end(topic, partition, handed_over)
        return seen

    def heard_at(self, topic: str, partition: int) -> int | None:
        """As last seen between two fetches."""
        seen: int | None = self._app.consumer.standings.heard_at(topic, partition)
        return seen

    def lag(self, topic: str, partition: int, applied: int) -> int:
        """As last seen between two fetches."""
        return int(self._app.consumer.standings.lag(topic, partition, applied))
