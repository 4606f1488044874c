"""Who may read a customer: the bearer of the token; without one configured, only this machine."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from aiohttp import hdrs, web

_PROXIED = ("Forwarded", "X-Forwarded-For")


def refusal(request: web.Request, token: str) -> web.Response | None:
    """The answer to a request that may not read customers, or None when it may.

    Without a token the peer and the ``Host`` it asked for must both be loopback and no proxy may stand between, so that
    neither a published port nor a page in a local browser can read customers.
    """
    if token:
        given = request.headers.get(hdrs.AUTHORIZATION, "")
        if hmac.compare_digest(given.encode(errors="surrogateescape"), f"Bearer {token}".encode()):
            return None
        return web.json_response(
            {"error": "a bearer token is needed"}, status=401, headers={hdrs.WWW_AUTHENTICATE: "Bearer"}
        )
    local = _is_loopback(request.remote or "") and _is_loopback(request.url.host or "")
    if local and not any(name in request.headers for name in _PROXIED):
        return None
    return web.json_response(
        {"error": "customers are served to this machine only; configure a token to serve them to others"}, status=403
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
