"""Who is slow, greedy or too large is turned away at the door of the worker's HTTP, and nobody else is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession
from prometheus_client import CollectorRegistry

from agents.http import HttpServer
from tests.unit.http_worker import FakeWorker


@pytest.fixture
def worker() -> FakeWorker:
    return FakeWorker()


@asynccontextmanager
async def limited(worker: FakeWorker, **limits: Any) -> AsyncIterator[str]:
    server = HttpServer(worker, CollectorRegistry(), port=0, **limits)
    await server.start()
    try:
        yield server.url
    finally:
        await server.stop()


async def status_of(url: str, path: str = "/livez", **request: Any) -> int:
    async with ClientSession() as session, session.get(url + path, **request) as response:
        return response.status


async def test_a_connection_serves_one_request(worker: FakeWorker) -> None:
    async with limited(worker) as url, ClientSession() as session:
        response = await session.get(f"{url}/livez")
        assert response.headers["Connection"] == "close"
        assert (await session.head(f"{url}/readyz")).status == 200


@pytest.mark.parametrize(
    "sent", [b"", b"GET /livez HT", b"GET /livez HTTP/1.1\r\nHost: a\r\nX-Slow: ", b"POST / HTTP/1.1\r\nHost: a\r\n"]
)
async def test_who_sends_slowly_is_cut_off(worker: FakeWorker, sent: bytes) -> None:
    async with limited(worker, seconds=0.2) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
        writer.write(sent)
        with suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()
        assert await status_of(url) == 200


async def test_who_holds_connections_open_locks_nobody_out(worker: FakeWorker) -> None:
    async with limited(worker, most=4, seconds=60) as url:
        port = urlsplit(url).port
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(9)]
        for _ in range(5):
            assert await status_of(url) == 200
        with suppress(ConnectionResetError):
            assert await asyncio.wait_for(held[0][0].read(), 10) == b""
        for _, writer in held:
            writer.close()


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/customers/" + "x" * 5_000, {}),
        ("/livez", {"X-Long": "x" * 9_000}),
        ("/livez", {f"X-{number}": "x" for number in range(100)}),
    ],
)
async def test_a_request_larger_than_any_of_ours_is_refused(
    worker: FakeWorker, path: str, headers: dict[str, str]
) -> None:
    async with limited(worker) as url:
        assert await status_of(url, path, headers=headers) == 400
        assert await status_of(url, "/customers/" + "%F0%9F%98%80" * 128) == 404


async def test_a_large_body_is_not_read(worker: FakeWorker) -> None:
    async with limited(worker) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
        writer.write(b"POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 1_000)
        assert (await asyncio.wait_for(reader.read(), 10)).startswith(b"HTTP/1.1 405")
        writer.close()
