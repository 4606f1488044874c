"""One server process on the loopback interface: started, awaited, killed, started again, stopped for sure."""

from __future__ import annotations

import atexit
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

LOOPBACK = "127.0.0.1"
_PORTS = range(15_000, 32_000)
_STOP_SECONDS = 20.0
_READY_SECONDS = 90.0
_RETRY_SECONDS = 0.05
_LOG_LINES = 20
_TOO_SLOW = f"did not answer within {_READY_SECONDS:.0f} s"


class ServerError(RuntimeError):
    """A local server did not start, or ended by itself; the message has the end of its log.

    Operator action: read the log; often the machine lacks memory, or the data folder is of another version.
    """


class ServerMissingError(ServerError):
    """What a local server needs is not on this machine; the message says what.

    Operator action: install it as the message says (`make kafka`, `make redis`).
    """


def free_port() -> int:
    """Return a loopback port that nothing listens on, under those the system gives to outgoing connections.

    A server that is down for a while therefore finds its port free when it comes back.
    """
    while True:
        port = random.choice(_PORTS)  # noqa: S311
        with socket.socket() as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port


class LocalServer:
    """The common part of the local servers. A subclass gives the command and says when the server answers.

    It lives until `stop`, until the `with` block ends, or until this process ends, however that ends. (Linux ends it
    with the thread that started it, so start it from one that stays.) Without `data` it keeps its files in a temporary
    folder, which goes when it stops.
    """

    name = "server"

    def __init__(self, data: Path | None = None) -> None:
        self._own_data = data is None
        self._data = data
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str]:
        """Return the command line of the server; called at each start."""
        raise NotImplementedError

    def settings(self) -> bytes:
        """Return what the server reads from its standard input at each start."""
        return b""

    def prepare(self) -> None:
        """Do what has to be done once, before the first start in a fresh data folder."""

    def answers(self, seconds: float) -> bool:
        """Whether a client gets an answer, waiting for it at most `seconds`."""
        raise NotImplementedError

    @property
    def data(self) -> Path:
        """The folder of the server's files and of `server.log`."""
        if self._data is None:
            self._data = Path(tempfile.mkdtemp(prefix=f"engage-{self.name}-"))
        return self._data

    @property
    def log(self) -> Path:
        """What the server has written to its output."""
        return self.data / "server.log"

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self.running and self._process is not None else None

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> Self:
        """Start the server and wait until it answers; nothing happens when it runs. Raises ServerError."""
        if self.running:
            return self
        self.data.mkdir(parents=True, exist_ok=True)
        atexit.register(self.stop)
        try:
            self.prepare()
            self._launch()
            self._wait(lambda: self.answers(1.0))
        except BaseException:
            self.stop()
            raise
        return self

    def kill(self) -> None:
        """End the server at once (SIGKILL), as a crash would; its data stays."""
        self._end(signal.SIGKILL)

    def restart(self) -> Self:
        """Start again on the same port and data, after `kill` or while it runs (then it is shut down first)."""
        self._end(signal.SIGTERM)
        return self.start()

    def stop(self) -> None:
        """Shut the server down and drop its temporary folder; harmless when it is stopped."""
        atexit.unregister(self.stop)
        self._end(signal.SIGTERM)
        if self._own_data and self._data is not None:
            shutil.rmtree(self._data, ignore_errors=True)
            self._data = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _launch(self) -> None:
        bound = shutil.which("setpriv")
        prefix = [bound, "--pdeathsig", "KILL"] if bound else []
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                [*prefix, *self.command()], stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
            )
        if self._process.stdin is not None:
            self._process.stdin.write(self.settings())
            self._process.stdin.close()

    def _wait(self, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while not ready():
            if not self.running:
                raise self._failure("ended while starting")
            if time.monotonic() > deadline:
                raise self._failure(_TOO_SLOW)
            time.sleep(_RETRY_SECONDS)

    def _failure(self, what: str) -> ServerError:
        lines = self.log.read_text(errors="replace").splitlines()[-_LOG_LINES:] if self.log.exists() else []
        return ServerError("\n".join([f"{self.name} {what}", *lines]))

    def _end(self, how: signal.Signals) -> None:
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(how)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._process = None
