"""The HTTP server of a worker. Everything it serves is read-only; it binds loopback unless told otherwise."""

from __future__ import annotations

import asyncio
from typing import Final

import orjson
from aiohttp import hdrs, web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from agents.http.access import refusal
from agents.http.door import (
    CONNECTION_SECONDS,
    LARGEST_BODY,
    LONGEST_HEADER,
    LONGEST_LINE,
    MOST_CONNECTIONS,
    MOST_HEADERS,
    Door,
)
from agents.http.page import render
from agents.http.status import Absent, Verdict, WorkerStatus
from schemas.outputs import plain

_LONGEST_ID: Final = 128
_ABSENT: Final[dict[Absent, tuple[int, str]]] = {
    "unknown": (404, "no such customer"),
    "elsewhere": (421, "this customer is on another worker"),
    "recovering": (503, "the lane of this customer is being recovered"),
}
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class HttpServer:
    """Serves one worker: ``/``, ``/metrics``, ``/livez``, ``/readyz`` and ``/customers/<id>``.

    Args:
        status: the worker.
        registry: the registry of its metrics.
        host: the address to bind.
        port: the port to bind; 0 takes a free one.
        token: what ``Authorization: Bearer`` must bring to read customers; empty serves them to loopback only.
        most: connections at once.
        seconds: the longest that a connection may last.

    """

    def __init__(
        self,
        status: WorkerStatus,
        registry: CollectorRegistry,
        *,
        host: str = "127.0.0.1",
        port: int = 8080,
        token: str = "",
        most: int = MOST_CONNECTIONS,
        seconds: float = CONNECTION_SECONDS,
    ) -> None:
        self._status = status
        self._registry = registry
        self._host = host
        self._port = port
        self._token = token
        self._most = most
        self._seconds = seconds
        self._server: asyncio.Server | None = None
        self._runner = web.AppRunner(
            self._application(),
            access_log=None,
            shutdown_timeout=1,
            max_line_size=LONGEST_LINE,
            max_field_size=LONGEST_HEADER,
            max_headers=MOST_HEADERS,
            lingering_time=0,
        )

    @property
    def url(self) -> str:
        """Where it listens, known after ``start``."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    async def start(self) -> None:
        """Bind and serve.

        Raises:
            OSError: the address cannot be bound. Operator action: free the port or set another.

        """
        await self._runner.setup()
        handler = self._runner.server
        assert handler is not None  # noqa: S101 - setup makes it
        loop = asyncio.get_running_loop()
        door = Door(handler, self._most, self._seconds)
        self._server = await loop.create_server(door, self._host, self._port, backlog=128)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop serving; harmless when it was never started."""
        if self._server is not None:
            self._server.close()
        await self._runner.cleanup()

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=LARGEST_BODY)
        application.on_response_prepare.append(_guard)
        application.router.add_get("/", self._page)
        application.router.add_get("/metrics", self._metrics)
        application.router.add_get("/livez", self._livez)
        application.router.add_get("/readyz", self._readyz)
        application.router.add_get("/customers/{customer_id:.+}", self._customer)
        return application

    async def _page(self, _request: web.Request) -> web.Response:
        body = render(self._status.summary(), self._status.ready(), self._status.alive())
        return web.Response(text=body, content_type="text/html")

    async def _metrics(self, request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get(hdrs.ACCEPT, ""))
        return web.Response(body=encode(self._registry), headers={hdrs.CONTENT_TYPE: content_type})

    async def _livez(self, _request: web.Request) -> web.Response:
        return _probe("alive", self._status.alive())

    async def _readyz(self, _request: web.Request) -> web.Response:
        return _probe("ready", self._status.ready())

    async def _customer(self, request: web.Request) -> web.Response:
        if refused := refusal(request, self._token):
            return refused
        customer_id = request.match_info["customer_id"]
        if len(customer_id) > _LONGEST_ID:
            return _json(400, {"error": f"a customer_id has at most {_LONGEST_ID} characters"})
        line = self._status.customer(customer_id)
        if isinstance(line, str):
            status, reason = _ABSENT[line]
            return _json(status, {"error": reason})
        return _json(200, line)


async def _guard(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)
    response.headers[hdrs.CONNECTION] = "close"
    response.force_close()


def _probe(name: str, verdict: Verdict) -> web.Response:
    return _json(200 if verdict.ok else 503, {name: verdict.ok, "reasons": verdict.reasons})


def _json(status: int, body: object) -> web.Response:
    return web.Response(
        status=status,
        body=orjson.dumps(body, default=plain, option=orjson.OPT_PASSTHROUGH_SUBCLASS),
        content_type="application/json",
    )
