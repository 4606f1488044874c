"""A worker in this process: started, watched and stopped. The command line, the demo and the tests all use this."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Self

import uvloop
from prometheus_client import CollectorRegistry

from agents.app import create_app
from agents.collector import collect_garbage_rarely
from agents.http.server import HttpServer
from agents.kpis.lane import combine_into
from agents.kpis.publisher import KpiPublisher
from agents.lanes.surroundings import Fail, Watcher, exit_hard
from agents.logs import configure
from agents.memory import memory_limit
from agents.metrics import Metrics
from agents.status import LanesStatus
from agents.topics import Ground, prepare
from agents.topicwatch import TopicWatch
from agents.view.writer import view_of
from schemas.policy import Policy, load

if TYPE_CHECKING:
    from types import TracebackType

    from agents.lanes.group import Lanes
    from agents.settings import Settings

logger = logging.getLogger(__name__)

_POLL_SECONDS: Final = 0.02


class Worker:
    """One worker; use it as an async context manager, or ``start`` and ``stop``. ``http`` serves its status."""

    def __init__(
        self,
        settings: Settings,
        policy: Policy,
        *,
        http: bool = False,
        fail: Fail = exit_hard,
        watchers: Iterable[Watcher] = (),
        registry: CollectorRegistry | None = None,
    ) -> None:
        self.settings = settings
        self.policy = policy
        self.registry = registry or CollectorRegistry()
        self.metrics = Metrics(
            self.registry, [*policy.triggers.__struct_fields__, *(rule.name for rule in policy.rules)]
        )
        self.view = view_of(settings, policy, self.metrics)
        watching = (*watchers, self.view) if self.view else tuple(watchers)
        self._options = {"fail": fail, "combine": combine_into(settings), "watchers": watching}
        self._fail = fail
        self._with_http = http
        self._http: HttpServer | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    async def start(self) -> Self:
        """Check the topics, join the group and begin. Returns when the app has started, not yet when lanes are ready.

        Raises:
            BrokerError: the broker does not answer.
            TopicsRefusedError: a worker cannot run on the topics as they are.

        """
        ground: Ground = await asyncio.get_running_loop().run_in_executor(None, prepare, self.settings)
        self.app = create_app(self.settings, self.policy, self.metrics, ground, **self._options)  # type: ignore[arg-type]
        assert self.app.lanes is not None  # noqa: S101 - create_app sets it
        self.lanes = lanes = self.app.lanes
        self.kpis = KpiPublisher(self.settings, self.policy, self.metrics, lambda: leads(lanes))
        self.metrics.describe(self.policy.version, self.policy.version, ground.partitions, memory_limit())
        self.status = LanesStatus(self.settings, self.policy, self.lanes, ground.partitions)
        if self._with_http:
            token = self.settings.http_token
            self._http = HttpServer(
                self.status,
                self.registry,
                host=self.settings.http_host,
                port=self.settings.http_port,
                token=token.get_secret_value() if token else "",
            )
            await self._http.start()
        if self.view is not None:
            self.view.start()
        self.kpis.start()
        await self.app.start()
        self._tasks = [asyncio.create_task(self._report()), asyncio.create_task(self._watch())]
        if ground.topics:
            self._tasks.append(asyncio.create_task(TopicWatch(self.settings).run(ground.topics, self._fail)))
        return self

    async def stop(self) -> None:
        """Finish the chunks that are being delivered, leave the group and disconnect."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        await self.kpis.stop()
        await self.lanes.leave()
        await self.app.consumer.force_commit()
        await self.app.stop()
        if self.view is not None:
            await self.view.stop()
        await self.lanes.stop()
        if self._http is not None:
            await self._http.stop()

    async def ready(self, seconds: float = 60.0) -> None:
        """Wait until all lanes of this worker have their state. Raises TimeoutError."""
        await _until(lambda: self.lanes.ready, seconds)

    async def settled(self, seconds: float = 60.0) -> None:
        """Wait until all lanes have caught up with all their topics. Raises TimeoutError."""
        await _until(lambda: self.lanes.settled, seconds)

    async def __aenter__(self) -> Self:
        try:
            return await self.start()
        except BaseException:
            if hasattr(self, "status"):
                await self.stop()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(self.settings.sweep_ms / 1000)
            self.lanes.report()

    async def _watch(self) -> None:
        """Faust stops by itself when its consumer fails; then so does the process."""
        while not self._stopping:
            await asyncio.sleep(_POLL_SECONDS * 10)
            if self.app.crashed or (self.app.should_stop and not self._stopping):
                self._fail(f"the consumer stopped: {self.app.crash_reason!r}")
                return


def leads(lanes: Lanes) -> bool:
    """Whether this worker has lane 0, and so publishes the figures of all lanes."""
    first = lanes.lanes.get(0)
    return first is not None and first.ready


async def _until(true: object, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        if time.monotonic() > deadline:
            message = f"not within {seconds} s"
            raise TimeoutError(message)
        await asyncio.sleep(_POLL_SECONDS)


async def serve(settings: Settings, policy: Policy) -> None:
    """Run a worker until SIGTERM or SIGINT; it stops in ``stop_ms``, or the process ends with 70."""
    stop = asyncio.Event()
    limit = threading.Timer(
        settings.stop_ms / 1000, exit_hard, [f"it did not stop in {settings.stop_ms} ms: what it left is handled again"]
    )
    limit.daemon = True
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with Worker(settings, policy, http=True):
        await stop.wait()
        logger.info("Stopping")
        limit.start()


def run(settings: Settings) -> int:
    """Run a worker until it is stopped; returns the exit status.

    Raises:
        PolicyError: the policy is invalid.
        BrokerError: the broker does not answer.
        TopicsRefusedError: a worker cannot run on the topics as they are.

    """
    configure(settings)
    policy = load(settings.policy_file)
    collect_garbage_rarely()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings, policy))
    return 0
