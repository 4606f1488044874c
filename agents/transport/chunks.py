"""A chunk: records of one partition as fetched together, which Faust carries as one message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import faust


class Chunk(NamedTuple):
    """Records of one partition in their order, undecoded. ``generation`` is the group's when they were fetched."""

    topic: str
    partition: int
    generation: int
    records: Sequence[Any]
    """aiokafka consumer records: offset, key, value, headers."""


class ChunkSchema(faust.Schema):  # type: ignore[misc]
    """Hands a chunk through as it is: decoding is not the transport's, and no record may be lost here."""

    def loads_key(self, app: Any, message: Any, **kwargs: Any) -> None:  # noqa: ARG002
        """No key: each record of the chunk has its own."""
        return

    def loads_value(self, app: Any, message: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        """The chunk."""
        return message.value
