"""Limits on connections: one request each, a time to live, and never too many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

MOST_CONNECTIONS: Final = 64
"""At once. One more ends the oldest: who holds connections open locks nobody out."""
CONNECTION_SECONDS: Final = 15.0
"""How long a connection may last, from its first byte to the last of the answer."""
LONGEST_LINE: Final = 4_096
"""Bytes of the request line; an id of 128 characters takes up to 1,536."""
LONGEST_HEADER: Final = 8_190
MOST_HEADERS: Final = 64
LARGEST_BODY: Final = 1_024
"""Nothing here reads a body."""


class Door:
    """Makes the protocols of a listening server, each with a limited life.

    Args:
        handler: makes the protocol that speaks HTTP.
        most: connections at once.
        seconds: the life of one.

    """

    def __init__(
        self,
        handler: Callable[[], asyncio.Protocol],
        most: int = MOST_CONNECTIONS,
        seconds: float = CONNECTION_SECONDS,
    ) -> None:
        self._handler = handler
        self._most = most
        self._seconds = seconds
        self._open: dict[asyncio.BaseTransport, asyncio.TimerHandle] = {}

    def __call__(self) -> asyncio.Protocol:
        """The protocol of a new connection."""
        return _Passage(self, self._handler())

    def opened(self, transport: asyncio.Transport) -> None:
        """A connection was made: when there are too many, the oldest ends."""
        if len(self._open) >= self._most:
            next(iter(self._open)).abort()  # type: ignore[attr-defined]
        self._open[transport] = asyncio.get_running_loop().call_later(self._seconds, transport.abort)

    def closed(self, transport: asyncio.BaseTransport) -> None:
        """It is over."""
        timer = self._open.pop(transport, None)
        if timer is not None:
            timer.cancel()


class _Passage(asyncio.Protocol):
    """Hands everything on, and tells the door of coming and going."""

    def __init__(self, door: Door, inner: asyncio.Protocol) -> None:
        self._door = door
        self._inner = inner
        self._transport: asyncio.BaseTransport | None = None
        self.data_received = inner.data_received  # type: ignore[method-assign]
        self.eof_received = inner.eof_received  # type: ignore[method-assign]
        self.pause_writing = inner.pause_writing  # type: ignore[method-assign]
        self.resume_writing = inner.resume_writing  # type: ignore[method-assign]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._door.opened(transport)  # type: ignore[arg-type]
        self._inner.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._door.closed(self._transport)
        self._inner.connection_lost(exc)
