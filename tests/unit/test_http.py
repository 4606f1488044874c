"""The worker's HTTP: probes, metrics, customers behind a token, and a page; served by the real server on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import make_mocked_request
from prometheus_client import CollectorRegistry

from agents.http import Absent, HttpServer
from agents.http.access import refusal
from agents.metrics import Metrics
from tests.unit.http_worker import BEARER, LINE, FakeWorker


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
