"""A TCP proxy between one worker and the broker that can be cut, frozen or made deaf."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from typing import Any, Self

from agents.local.process import LOOPBACK, free_port

_PIECE = 1 << 16


class Proxy:
    """Listens on a port of its own from ``start`` to ``stop``, in a thread of its own; ``target`` is the broker's port.

    ``cut`` resets all connections and refuses new ones. ``freeze`` holds every byte back until ``heal``. ``deafen``
    passes what the worker says and swallows what the broker answers, until ``heal`` resets those connections.
    """

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self._target = target
        self._mode = "pass"
        self._loop = asyncio.new_event_loop()
        self._gate = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy-{self.port}", daemon=True)

    def start(self) -> Self:
        """Listen."""
        self._thread.start()
        self._gate.set()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def stop(self) -> None:
        """Reset everything and listen no more."""
        self._do(self._abort_all)
        self._do(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def cut(self) -> None:
        """Reset all connections; refuse new ones."""
        self._do(self._change, "cut")

    def freeze(self) -> None:
        """Hold everything back."""
        self._do(self._change, "frozen")

    def deafen(self) -> None:
        """Swallow the broker's answers."""
        self._do(self._change, "deaf")

    def heal(self) -> None:
        """Pass everything again; connections that lost bytes are reset."""
        self._do(self._change, "pass")

    def _do(self, function: Any, *arguments: Any) -> None:
        async def call() -> None:
            function(*arguments)

        asyncio.run_coroutine_threadsafe(call(), self._loop).result(10)

    def _change(self, mode: str) -> None:
        lossy = "deaf" in (mode, self._mode) and mode != self._mode
        if mode == "cut" or (lossy and mode == "pass"):
            self._abort_all()
        self._mode = mode
        if mode == "frozen":
            self._gate.clear()
        else:
            self._gate.set()

    def _abort_all(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, LOOPBACK, self.port)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await self._gate.wait()
            if self._mode == "cut":
                writer.transport.abort()
                return
            there, to_broker = await asyncio.open_connection(LOOPBACK, self._target)
        except OSError:
            writer.transport.abort()
            self._writers.discard(writer)
            return
        self._writers.add(to_broker)
        for end in (writer, to_broker):
            end.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.gather(self._pump(reader, to_broker, answers=False), self._pump(there, writer, answers=True))
        self._writers -= {writer, to_broker}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(_PIECE):
                if answers and self._mode == "deaf":
                    continue
                await self._gate.wait()
                writer.write(piece)
                await writer.drain()
        with contextlib.suppress(OSError):
            writer.close()
