"""The load: events of many customers, some of them much livelier than others, as records by partition."""

from __future__ import annotations

import itertools
import random
from typing import Any, Final, NamedTuple

import orjson
from aiokafka.partitioner import murmur2

from schemas.times import DAY, format_instant, parse_instant

_SPAN: Final = 30 * DAY
START: Final = parse_instant("2026-01-01T00:00:00Z")
MIXED: Final = (
    (0.55, "clickstream", "page_view", {"url": "/pricing/plans", "dwell_seconds": 42}),
    (0.15, "clickstream", "product_view", {"product_id": "p-17", "category": "laptops", "price": "899.00"}),
    (0.12, "email", "opened", {"content_id": "spring", "campaign_id": "spring-26"}),
    (0.06, "email", "clicked", {"link_url": "https://shop.example/spring"}),
    (0.05, "support-tickets", "created", {"channel": "email", "product": "crm", "priority": "normal"}),
    (0.04, "purchases", "ordered", {"amount": "49.90", "currency": "USD", "product_id": "p-17"}),
    (0.02, "surveys", "csat", {"score": 4}),
    (0.01, "profiles", "updated", {"attributes": {"country": "NL", "job_title": "Head of Sales"}}),
)
DESK: Final = (
    (0.10, "clickstream", "page_view", {"url": "/help/orders", "dwell_seconds": 42}),
    (0.25, "email", "sent", {"content_id": "spring", "campaign_id": "spring-26"}),
    (0.15, "email", "opened", {"content_id": "spring", "campaign_id": "spring-26"}),
    (0.10, "email", "clicked", {"link_url": "https://shop.example/spring", "campaign_id": "spring-26"}),
    (0.12, "support-tickets", "created", {"channel": "email", "product": "crm", "priority": "normal"}),
    (0.10, "support-tickets", "agent_replied", {}),
    (0.10, "support-tickets", "solved", {}),
    (0.04, "purchases", "ordered", {"amount": "49.90", "currency": "USD", "product_id": "p-17"}),
    (0.02, "surveys", "csat", {"score": 4}),
    (0.02, "profiles", "updated", {"attributes": {"country": "NL", "acquisition_source": "ads"}}),
)
"""Mostly tickets and mail: what the figures across customers are made of."""
_OWN: Final = {"email": "message_id", "support-tickets": "ticket_id", "purchases": "order_id"}


class Item(NamedTuple):
    """One record: topic, partition, key and value."""

    topic: str
    partition: int
    key: bytes
    value: bytes


def load(count: int, customers: int, partitions: int, zipf: float, kinds: Any = MIXED, seed: int = 1) -> list[Item]:
    """``count`` events of ``customers`` by a Zipf law, in order of time, evenly over a month."""
    dice = random.Random(seed)
    weights = list(itertools.accumulate(1 / rank**zipf for rank in range(1, customers + 1)))
    who = dice.choices(range(customers), cum_weights=weights, k=count)
    what = dice.choices(kinds, weights=[kind[0] for kind in kinds], k=count)
    number: dict[int, int] = {}
    items = []
    for index, (customer, (_, topic, kind, fields)) in enumerate(zip(who, what, strict=True)):
        key = b"customer-%06d" % customer
        if customer not in number:
            number[customer] = (murmur2(key) & 0x7FFFFFFF) % partitions
        at = format_instant(START + index * _SPAN // count)
        body = {
            "event_id": f"e{index:08x}", "customer_id": key.decode(), "occurred_at": at, "type": kind,
            "session_id": f"s{index // 50:x}", **fields,
        }  # fmt: skip
        if topic in _OWN:
            body[_OWN[topic]] = f"{topic[0]}{customer}-{index // 1000}"
        items.append(Item(topic, number[customer], key, orjson.dumps(body)))
    return items
