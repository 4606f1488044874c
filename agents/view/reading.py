"""One customer out of the view, as any other service reads it: two keys, no engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from redis import Redis, RedisError

from agents.replay.customer import RECENT, Standing
from agents.replay.reading import ReplayError
from agents.view.keys import Address, Keys
from agents.view.refusal import refusal
from schemas.times import parse_instant

if TYPE_CHECKING:
    from collections.abc import Sequence


def read(customer_id: str, address: Address, prefix: str) -> tuple[dict[str, Any], Sequence[dict[str, Any]]] | None:
    """The record of a customer and its latest triggers, newest first; None when the view has no such customer.

    Raises:
        ConnectionError: Redis does not answer as it should.
        ValueError: the address cannot be one of a Redis.
    """
    keys = Keys(prefix)
    try:
        with Redis.from_url(address.url, **address.options()) as client:
            record: Any = client.get(keys.customer(customer_id))
            triggers: Any = client.zrevrange(keys.triggers(customer_id), 0, -1)
    except (RedisError, OSError) as error:
        message = f"Redis: {refusal(error)}"
        raise ConnectionError(message) from error
    return None if record is None else (orjson.loads(record), [orjson.loads(trigger) for trigger in triggers])


def from_view(customer_id: str, address: Address, prefix: str) -> Standing:
    """The customer as it was last written, at that time.

    Raises:
        ReplayError: the view has no such customer.
        ConnectionError: Redis does not answer as it should.
        ValueError: the address cannot be one of a Redis.
    """
    found = read(customer_id, address, prefix)
    if found is None:
        message = f"no customer {customer_id!r} in the view (keys {prefix}:customer:...)"
        raise ReplayError(message)
    record, triggers = found
    data = [trigger["data"] for trigger in reversed(triggers)]
    return Standing(line=record, now=parse_instant(record["as_of"]), triggers=data[-RECENT:])
