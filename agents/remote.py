"""One customer out of a running worker, over its HTTP address."""

from __future__ import annotations

import time
import urllib.error
import urllib.parse
import urllib.request

import orjson

from agents.replay.customer import Standing
from agents.replay.reading import ReplayError

_TIMEOUT_SECONDS = 10.0
_ANSWERS = {
    401: "the worker wants a token, and not another one: ENGAGE_HTTP_TOKEN",
    403: "the worker shows customers to its own machine only, or with a token",
    404: "the worker does not know this customer",
    421: "this customer is on another worker of the group: ask that one",
    503: "the worker is recovering this customer: try again soon",
}


def from_worker(customer_id: str, url: str, token: str | None = None) -> Standing:
    """The customer as the worker at ``url`` (``http://host:port``) has it now.

    Raises:
        ReplayError: the worker answers that it has no such customer, or may not tell.
        ConnectionError: the worker does not answer.
    """
    if not url.startswith(("http://", "https://")):
        message = f"{url}: expected the address of a worker such as http://localhost:8080"
        raise ReplayError(message)
    request = urllib.request.Request(f"{url.rstrip('/')}/customers/{urllib.parse.quote(customer_id, safe='')}")  # noqa: S310
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
            line = orjson.loads(answer.read())
    except urllib.error.HTTPError as error:
        message = f"{url}: {_ANSWERS.get(error.code, f'HTTP {error.code}')}"
        raise ReplayError(message) from error
    except OSError as error:
        message = f"{url}: no answer from a worker: {getattr(error, 'reason', error)}"
        raise ConnectionError(message) from error
    return Standing(line=line, now=int(time.time() * 1000), triggers=[])
