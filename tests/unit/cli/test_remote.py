"""A customer explained from a running worker, over HTTP on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from prometheus_client import CollectorRegistry

from agents.http import Absent, HttpServer, Summary, Verdict
from agents.remote import from_worker
from agents.replay.customer import Standing
from agents.replay.reading import ReplayError
from schemas.times import Instant, parse_instant


class OneCustomer:
    """A worker that knows one customer."""

    def ready(self) -> Verdict:
        """Always."""
        return Verdict()

    def alive(self) -> Verdict:
        """Always."""
        return Verdict()

    def customer(self, customer_id: str) -> Mapping[str, object] | Absent:
        """The one, or elsewhere."""
        line = {"customer_id": "a/b ü", "first_seen": Instant(parse_instant("2026-01-01T00:00:00Z"))}
        return line if customer_id == "a/b ü" else "elsewhere"

    def summary(self) -> Summary:
        """Not asked for here."""
        raise NotImplementedError


async def ask(customer_id: str) -> Standing:
    server = HttpServer(OneCustomer(), CollectorRegistry(), port=0)
    await server.start()
    try:
        return await asyncio.to_thread(from_worker, customer_id, server.url)
    finally:
        await server.stop()


@pytest.mark.timeout(30)
async def test_the_line_comes_as_the_worker_has_it_with_times_as_text() -> None:
    assert (await ask("a/b ü")).line == {"customer_id": "a/b ü", "first_seen": "2026-01-01T00:00:00.000Z"}


@pytest.mark.timeout(30)
async def test_a_customer_of_another_worker_is_said_to_be_there() -> None:
    with pytest.raises(ReplayError, match="on another worker"):
        await ask("somebody")


def test_a_worker_that_does_not_answer_is_named() -> None:
    with pytest.raises(ConnectionError, match=r"127\.0\.0\.1:1"):
        from_worker("c", "http://127.0.0.1:1")
    with pytest.raises(ReplayError, match="expected the address of a worker"):
        from_worker("c", "file:///etc/hostname")
