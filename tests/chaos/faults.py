"""The faults: what there is, which ones a seed draws, and how each strikes and heals."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from agents.local.redis import RedisServer
    from tests.chaos.cluster import ChaosKafka
    from tests.chaos.workers import WorkerPlace

SESSION_SECONDS = 6.0
"""Session timeout of the workers: the group takes a silent one for dead after it."""

LASTS: dict[str, tuple[float, float]] = {
    "kill": (0.0, 3.0),
    "pause": (SESSION_SECONDS + 2, SESSION_SECONDS + 5),
    "leave": (0.5, 5.0),
    "join": (4.0, 10.0),
    "broker": (0.5, 10.0),
    "cut": (0.5, 12.0),
    "freeze": (1.0, SESSION_SECONDS + 5),
    "deaf": (1.0, 8.0),
    "redis": (0.5, 5.0),
    "disk": (10.0, 10.0),
}
"""Fault -> how long it lasts, from and to (seconds).

kill: SIGKILL. pause: SIGSTOP for longer than the session timeout, then SIGCONT. leave: SIGTERM, and back later. join:
one worker more for a while. broker, redis: SIGKILL, started again. cut, freeze, deaf: the network between one worker
and the broker (see ``Proxy``). disk: files of the worker can grow no more.
"""


class Fault(NamedTuple):
    """``mark`` is the share of the input applied when it strikes, ``place`` the worker, ``seconds`` its length."""

    kind: str
    mark: float
    place: int
    seconds: float

    def __str__(self) -> str:
        where = "" if self.kind in ("broker", "redis", "join") else f" {self.place}"
        return f"{self.kind}{where} @{self.mark:.0%} {self.seconds:.1f}s"


class Stage(NamedTuple):
    """Everything that can be struck. The last of ``workers`` is the spare one."""

    kafka: ChaosKafka
    redis: RedisServer | None
    workers: list[WorkerPlace]


def plan(dice: random.Random, workers: int, kinds: list[str], at_least: int = 3, at_most: int = 6) -> list[Fault]:
    """Draw faults, as many different ones as there can be, in the order in which they strike."""
    count = dice.randint(at_least, at_most)
    drawn = dice.sample(kinds, min(count, len(kinds)))
    drawn += dice.choices(kinds, k=count - len(drawn))
    marks = sorted(dice.uniform(0.05, 0.85) for _ in drawn)
    return [
        Fault(kind, mark, dice.randrange(workers), dice.uniform(*LASTS[kind]))
        for kind, mark in zip(drawn, marks, strict=True)
    ]


def strike(fault: Fault, stage: Stage) -> Callable[[], object] | None:
    """Do it; returns what heals it. None: it cannot be done just now, since the worker is away."""
    kafka, redis, workers = stage
    place = workers[fault.place]
    proxy = kafka.proxies[fault.place]
    if fault.kind == "broker":
        kafka.kill()
        return kafka.start
    if fault.kind == "redis" and redis is not None:
        redis.kill()
        return redis.start
    if fault.kind == "join":
        workers[-1].wanted = True
        return workers[-1].ask_to_leave
    if not place.alive or place.paused:
        return None
    if fault.kind == "kill":
        place.kill(fault.seconds)
        return _nothing
    if fault.kind == "leave":
        place.ask_to_leave()
        return lambda: setattr(place, "wanted", True)
    acts: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "pause": (place.pause, place.resume),
        "cut": (proxy.cut, proxy.heal),
        "freeze": (proxy.freeze, proxy.heal),
        "deaf": (proxy.deafen, proxy.heal),
        "disk": (place.fill_disk, place.free_disk),
    }
    begin, heal = acts[fault.kind]
    begin()
    return heal


def _nothing() -> None:
    """A killed worker is started again by its supervisor."""
