"""Values of records for the tests of decoding."""

import json

from schemas.decode import decode

ORDER = {
    "event_id": "e-1",
    "customer_id": "c-1",
    "occurred_at": "2026-11-21T09:30:00Z",
    "type": "ordered",
    "order_id": "o-1",
    "amount": "19.99",
}
COMMON = {name: ORDER[name] for name in ("event_id", "customer_id", "occurred_at")}


def order(**changes):
    return decode("purchases", json.dumps({**ORDER, **changes}).encode())


def page(**changes):
    return decode("clickstream", json.dumps({**COMMON, "type": "page_view", "url": "/", **changes}).encode())


def with_end(end):
    return decode("purchases", json.dumps(ORDER).encode()[:-1] + end)
