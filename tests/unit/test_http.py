"""The worker's HTTP: probes, metrics, customers behind a token, and a page; served by the real server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import make_mocked_request
from prometheus_client import CollectorRegistry

from agents.http import Absent, HttpServer, LaneSummary, Progress, Summary, Verdict
from agents.http.access import refusal
from agents.metrics import Metrics
from schemas.times import parse_instant

LINE: Mapping[str, object] = {
    "customer_id": "a/b c",
    "score": 42,
    "contact": {"allowed": False, "reasons": ["schedule"]},
}
BEARER = "correct horse"


class FakeWorker:
    """A worker that says what it is told to say."""

    def __init__(self) -> None:
        self.not_ready: tuple[str, ...] = ()
        self.not_alive: tuple[str, ...] = ()
        self.customers: dict[str, Mapping[str, object] | Absent] = {"a/b c": LINE}
        self.lanes: tuple[LaneSummary, ...] = (
            LaneSummary(partition=0, ready=True, paused=False, lag=12_345, behind_seconds=3.2, customers=1_000),
            LaneSummary(partition=1, ready=False, paused=False, lag=0, behind_seconds=0, customers=0),
        )

    def ready(self) -> Verdict:
        """Ready, unless told why not."""
        return Verdict(self.not_ready)

    def alive(self) -> Verdict:
        """Alive, unless told why not."""
        return Verdict(self.not_alive)

    def customer(self, customer_id: str) -> Mapping[str, object] | Absent:
        """What it was given."""
        return self.customers.get(customer_id, "unknown")

    def summary(self) -> Summary:
        """Two lanes, and names that need escaping."""
        return Summary("worker-1 <b>", "0.1.0", "7 & 8", "engage", parse_instant("2026-11-22T00:00:00Z"), self.lanes)


@pytest.fixture
def worker() -> FakeWorker:
    return FakeWorker()


@asynccontextmanager
async def serving(worker: FakeWorker, token: str = "") -> AsyncIterator[tuple[ClientSession, Metrics]]:
    metrics = Metrics(CollectorRegistry())
    server = HttpServer(worker, metrics.registry, port=0, token=token)
    await server.start()
    try:
        async with ClientSession(server.url) as session:
            yield session, metrics
    finally:
        await server.stop()


async def test_the_probes_say_yes_with_200(worker: FakeWorker) -> None:
    async with serving(worker) as (session, _):
        for path, name in (("/livez", "alive"), ("/readyz", "ready")):
            response = await session.get(path)
            assert response.status == 200
            assert await response.json() == {name: True, "reasons": []}


async def test_the_probes_say_no_with_503_and_why(worker: FakeWorker) -> None:
    worker.not_ready = ("lane 1 is being recovered",)
    async with serving(worker) as (session, _):
        response = await session.get("/readyz")
        assert response.status == 503
        assert await response.json() == {"ready": False, "reasons": ["lane 1 is being recovered"]}
        assert (await session.get("/livez")).status == 200


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [("*/*", "text/plain"), ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text")],
)
async def test_metrics_are_served_in_the_format_asked_for(worker: FakeWorker, accept: str, content_type: str) -> None:
    async with serving(worker) as (session, metrics):
        metrics.lane_turn(4, 1_000, ready=True, paused=False)
        response = await session.get("/metrics", headers={"Accept": accept})
        assert response.content_type == content_type
        assert 'engage_lane_ready{partition="4"} 1.0' in await response.text()


async def test_a_customer_is_served_to_this_machine_when_no_token_is_set(worker: FakeWorker) -> None:
    async with serving(worker) as (session, _):
        response = await session.get("/customers/a%2Fb%20c")
        assert response.status == 200
        assert await response.json() == LINE
        assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "authorization", [None, "Bearer wrong", BEARER, "Bearer ", f"bearer {BEARER} ", f"Basic {BEARER}", "Bearer \u00e9"]
)
async def test_with_a_token_set_no_one_reads_a_customer_without_it(
    worker: FakeWorker, authorization: str | None
) -> None:
    async with serving(worker, BEARER) as (session, _):
        headers = {"Authorization": authorization} if authorization is not None else {}
        response = await session.get("/customers/a%2Fb%20c", headers=headers)
        assert response.status == 401
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert "score" not in await response.text()


async def test_the_bearer_of_the_token_reads_a_customer(worker: FakeWorker) -> None:
    async with serving(worker, BEARER) as (session, _):
        response = await session.get("/customers/a%2Fb%20c", headers={"Authorization": f"Bearer {BEARER}"})
        assert await response.json() == LINE


@pytest.mark.parametrize(
    "headers", [{"X-Forwarded-For": "203.0.113.9"}, {"Forwarded": "for=203.0.113.9"}, {"Host": "attacker.example"}]
)
async def test_without_a_token_neither_a_proxy_nor_a_foreign_name_gets_through(
    worker: FakeWorker, headers: dict[str, str]
) -> None:
    async with serving(worker) as (session, _):
        response = await session.get("/customers/a%2Fb%20c", headers=headers)
        assert response.status == 403
        assert "token" in (await response.json())["error"]


@pytest.mark.parametrize(
    ("peer", "refused"), [("127.0.0.1", False), ("::1", False), ("10.0.0.7", True), ("203.0.113.9", True), (None, True)]
)
def test_without_a_token_the_peer_must_be_this_machine(peer: str | None, refused: bool) -> None:
    request = make_mocked_request("GET", "/customers/c", headers={"Host": "localhost:8080"}).clone(remote=peer)
    assert (refusal(request, "") is not None) is refused
    assert refusal(request, BEARER) is not None


@pytest.mark.parametrize(("absent", "status"), [("unknown", 404), ("elsewhere", 421), ("recovering", 503)])
async def test_a_customer_that_is_not_here_is_told_apart_by_its_status(
    worker: FakeWorker, absent: Absent, status: int
) -> None:
    worker.customers["c"] = absent
    async with serving(worker) as (session, _):
        assert (await session.get("/customers/c")).status == status


async def test_an_id_that_cannot_exist_is_refused(worker: FakeWorker) -> None:
    async with serving(worker) as (session, _):
        assert (await session.get("/customers/" + "x" * 129)).status == 400
        assert (await session.get("/customers/%ff%fe")).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_nothing_can_be_written(worker: FakeWorker, method: str) -> None:
    async with serving(worker) as (session, _):
        for path in ("/", "/metrics", "/livez", "/readyz", "/customers/c"):
            response = await session.request(method, path)
            assert response.status == 405
            assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_page_says_what_this_worker_is_and_escapes_what_it_shows(worker: FakeWorker) -> None:
    worker.not_ready = ("lane 1 <recovering>",)
    async with serving(worker) as (session, _):
        response = await session.get("/")
        text = await response.text()
    assert response.content_type == "text/html"
    assert "worker-1 &lt;b&gt;" in text
    assert "7 &amp; 8" in text
    assert "no: lane 1 &lt;recovering&gt;" in text
    assert "12,345" in text
    assert "2026-11-22T00:00:00.000Z" in text
    for link in ("/metrics", "/livez", "/readyz"):
        assert f'href="{link}"' in text


async def test_the_page_of_a_worker_without_lanes_says_so(worker: FakeWorker) -> None:
    worker.lanes = ()
    async with serving(worker) as (session, _):
        assert "None: the other workers" in await (await session.get("/")).text()


async def test_it_binds_loopback_unless_told_otherwise(worker: FakeWorker) -> None:
    async with serving(worker) as (session, _):
        assert (await session.get("/livez")).url.host == "127.0.0.1"


async def test_a_taken_port_is_an_error_at_start(worker: FakeWorker) -> None:
    async with serving(worker) as (session, _):
        taken = (await session.get("/livez")).url.port
        second = HttpServer(worker, CollectorRegistry(), port=taken or 0)
        with pytest.raises(OSError, match="address already in use"):
            await second.start()
        await second.stop()


def test_a_lane_with_lag_that_stands_still_past_its_patience_is_stuck() -> None:
    progress = Progress(patience_seconds=60)
    for at in (0, 30, 61):
        progress.seen(3, applied=100, lag=5, at=at)
    assert progress.stuck(60) == ()
    assert progress.stuck(61) == ("lane 3 has 5 records to take and has not moved for 61 s",)


def test_a_lane_that_moves_or_has_nothing_to_take_is_not_stuck() -> None:
    progress = Progress(patience_seconds=60)
    for at in (0, 50, 100, 150):
        progress.seen(0, applied=at, lag=9, at=at)
        progress.seen(1, applied=7, lag=0, at=at)
    assert progress.stuck(150) == ()


def test_the_patience_of_an_idle_lane_begins_with_its_first_waiting_record() -> None:
    progress = Progress(patience_seconds=60)
    progress.seen(0, applied=7, lag=0, at=0)
    progress.seen(0, applied=7, lag=1, at=500)
    assert progress.stuck(560) == ()
    assert len(progress.stuck(561)) == 1


def test_a_stuck_lane_that_moves_again_and_a_lane_that_is_lost_are_forgiven() -> None:
    progress = Progress(patience_seconds=60)
    progress.seen(0, applied=7, lag=1, at=0)
    progress.seen(1, applied=7, lag=1, at=0)
    assert len(progress.stuck(100)) == 2
    progress.seen(0, applied=8, lag=1, at=100)
    progress.forget(1)
    assert progress.stuck(100) == ()


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
