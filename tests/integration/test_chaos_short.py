"""Faults on purpose, the short way: five small seeded runs (`make chaos` makes them large), and that defects show."""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.local import kafka
from agents.local.process import LOOPBACK
from tests.chaos.mutants import MUTANTS
from tests.chaos.proxy import Proxy
from tests.chaos.run import run, shape
from tests.conftest import need

EVENTS = 4_000
WORKERS = 2
HELLO = b"hello"
in_ci = pytest.mark.skipif(
    os.environ.get("CI") != "true" and not os.environ.get("ENGAGE_REQUIRE_SERVERS"),
    reason="takes minutes: it runs in CI or with ENGAGE_REQUIRE_SERVERS=1, and at length by make chaos",
)


@in_ci
@pytest.mark.kafka
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [3, 4, 5, 6, 9])
def test_nothing_is_lost_or_counted_twice_whatever_is_struck(seed: int, tmp_path: Path) -> None:
    need(kafka.missing)
    folder = tmp_path / "run"
    verdict = run(shape(seed, EVENTS, WORKERS, "both"), folder)
    assert verdict.good, f"{verdict.faults}: {(folder / 'differences.txt').read_text()[:4_000]}"
    assert len(verdict.faults) >= 3


@in_ci
@pytest.mark.kafka
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("mutant", sorted(MUTANTS))
def test_an_engine_with_a_defect_does_not_pass(mutant: str, tmp_path: Path) -> None:
    need(kafka.missing)
    verdicts = (run(shape(seed, EVENTS, WORKERS, "backlog", mutant), tmp_path / str(seed)) for seed in (2, 4, 6))
    assert any(verdict.counts.total() for verdict in verdicts)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Something to connect to."""
    with socket.create_server((LOOPBACK, 0)) as server:
        server.settimeout(10)
        yield server


@pytest.fixture
def proxy(listener: socket.socket) -> Iterator[Proxy]:
    made = Proxy(listener.getsockname()[1]).start()
    yield made
    made.stop()


def connected(proxy: Proxy, listener: socket.socket) -> tuple[socket.socket, socket.socket]:
    near = socket.create_connection((LOOPBACK, proxy.port), timeout=10)
    far, _ = listener.accept()
    far.settimeout(10)
    return near, far


def test_a_proxy_passes_both_ways(proxy: Proxy, listener: socket.socket) -> None:
    near, far = connected(proxy, listener)
    near.sendall(HELLO)
    assert far.recv(64) == HELLO
    far.sendall(HELLO)
    assert near.recv(64) == HELLO


def test_a_proxy_that_is_cut_resets_what_is_open_and_refuses_what_is_new(proxy: Proxy, listener: socket.socket) -> None:
    near, _ = connected(proxy, listener)
    proxy.cut()
    assert ended(near)
    assert ended(socket.create_connection((LOOPBACK, proxy.port), timeout=10))
    proxy.heal()
    near, far = connected(proxy, listener)
    near.sendall(HELLO)
    assert far.recv(64) == HELLO


def test_a_frozen_proxy_holds_back_and_loses_nothing(proxy: Proxy, listener: socket.socket) -> None:
    near, far = connected(proxy, listener)
    proxy.freeze()
    near.sendall(HELLO)
    assert select.select([far], [], [], 0.3)[0] == []
    proxy.heal()
    assert far.recv(64) == HELLO


def test_a_deaf_proxy_passes_requests_and_swallows_answers(proxy: Proxy, listener: socket.socket) -> None:
    near, far = connected(proxy, listener)
    proxy.deafen()
    near.sendall(HELLO)
    assert far.recv(64) == HELLO
    far.sendall(HELLO)
    proxy.heal()
    assert ended(near), "bytes were lost, so the connection must not go on"


def ended(end: socket.socket) -> bool:
    """Whether nothing comes any more, by an end or a reset."""
    try:
        return end.recv(64) == b""
    except ConnectionError:
        return True
