"""What one customer's change is in Redis: all its keys, together with the others of the batch."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from agents.changelog import CUSTOMER
from agents.view.record import LANE_BYTES, lane_of

if TYPE_CHECKING:
    from agents.stores import Store
    from agents.view.keys import Keys
    from agents.view.recall import Found

_SCAN: Final = 500


class Write(NamedTuple):
    """A customer, its record (None: it is gone), its score, and new triggers with their ``at`` (ms).

    ``anew``: the triggers written before are to go.
    """

    customer_id: str
    record: bytes | None
    score: int
    anew: bool
    triggers: dict[bytes, int]


def put(pipe: Any, keys: Keys, write: Write, most: int) -> None:
    """Queue the commands of one customer; ``most`` triggers are kept.

    A trigger that is there already changes nothing, so triggers may be written twice and in any order.
    """
    triggers = keys.triggers(write.customer_id)
    if write.record is None:
        pipe.delete(keys.customer(write.customer_id), triggers)
        pipe.zrem(keys.by_score, write.customer_id)
        return
    pipe.set(keys.customer(write.customer_id), write.record)
    pipe.zadd(keys.by_score, {write.customer_id: write.score})
    if write.anew:
        pipe.delete(triggers)
    if write.triggers:
        pipe.zadd(triggers, write.triggers)
        pipe.zremrangebyrank(triggers, 0, -most - 1)


async def left_over(redis: Any, keys: Keys, store: Store, partition: int) -> AsyncIterator[Found]:
    """Yield the customers that this lane wrote once and does not hold any more."""
    cursor: int | None = None
    while cursor != 0:
        cursor, members = await redis.zscan(keys.by_score, cursor or 0, count=_SCAN)
        strange = [name.decode() for name, _ in members if store.get(CUSTOMER + name) is None]
        async with redis.pipeline(transaction=False) as pipe:
            for name in strange:
                pipe.getrange(keys.customer(name), 0, LANE_BYTES - 1)
            heads = await pipe.execute()
        yield [(name, None) for name, head in zip(strange, heads, strict=True) if lane_of(head) == partition]
