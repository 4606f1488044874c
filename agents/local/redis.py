"""Redis on this machine: `redis-server` on a free loopback port, in memory unless told otherwise."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from redis import Redis, RedisError

from agents.local.process import LOOPBACK, LocalServer, ServerMissingError, free_port


def missing() -> str | None:
    """What this machine lacks to run Redis, in one line; None when it can."""
    return None if shutil.which("redis-server") else "redis-server is not installed (make redis; Debian: redis-server)"


class RedisServer(LocalServer):
    """A Redis server. With `persistent` it writes each change to its append-only file before it answers.

    `password` is asked of every client; `url` has it.
    """

    name = "redis"

    def __init__(self, data: Path | None = None, password: str | None = None, persistent: bool = False) -> None:
        super().__init__(data)
        self._password = password
        self._persistent = persistent
        self._port = free_port()

    @property
    def url(self) -> str:
        """Where clients connect, as `redis://[:password@]host:port/0`, the same over restarts."""
        login = f":{self._password}@" if self._password else ""
        return f"redis://{login}{LOOPBACK}:{self._port}/0"

    def prepare(self) -> None:
        """Check that the server can be run. Raises ServerMissingError."""
        lack = missing()
        if lack is not None:
            raise ServerMissingError(lack)

    def command(self) -> Sequence[str]:
        """Return the command line, which reads its settings from the standard input, so that no password shows."""
        return [shutil.which("redis-server") or "redis-server", "-"]

    def settings(self) -> bytes:
        """Return the server's settings."""
        lines = [f"bind {LOOPBACK}", f"port {self._port}", f'dir "{self.data}"', 'save ""']
        lines += ["appendonly yes", "appendfsync always"] if self._persistent else ["appendonly no"]
        lines += [f'requirepass "{self._password}"'] if self._password else []
        return "\n".join(lines).encode() + b"\n"

    def answers(self, seconds: float) -> bool:
        """Whether the server answers a ping."""
        with Redis.from_url(self.url, socket_timeout=seconds, socket_connect_timeout=seconds) as client:
            try:
                return bool(client.ping())
            except RedisError:
                return False
