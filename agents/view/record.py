"""One customer as the view shows it: the line of ``customers.jsonl``, and what a reader needs to bring it to today.

The score falls by itself while nothing happens. ``decay`` holds the points at ``as_of`` by half-life, so that any later
score is exact without asking the engine: ``raw(t) = sum(points * 2 ** (-(t - as_of) / half_life))``, as in CONTRACT 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import floor
from typing import TYPE_CHECKING, Any, Final

import msgspec
import orjson

from agents.changelog import LANE_KEY, LaneRecord, customer_key, unpack_state
from schemas.outputs import plain
from schemas.times import Instant, parse_instant
from streams import codec
from streams.describe import customer_line
from streams.plan import plan_of
from streams.score import terms
from streams.state import Customer

if TYPE_CHECKING:
    from agents.stores import Store
    from schemas.policy import Policy

ADDED: Final = ("lane", "as_of", "policy_version", "profile", "decay")
"""Fields that a line of ``customers.jsonl`` does not have."""
LANE_BYTES: Final = 32
"""The first bytes of a record hold ``lane``."""
_PLACES: Final = 1_000_000
_lanes: Final = msgspec.msgpack.Decoder(LaneRecord)


def held(store: Store, customer_id: str) -> Customer | None:
    """The customer as last delivered; None when unknown or erased."""
    value = store.get(customer_key(customer_id))
    state = None if value is None else codec.decode(unpack_state(value))
    return state if isinstance(state, Customer) else None


def delivered_now(store: Store) -> int:
    """The lane's now (ms) when it was last delivered."""
    value = store.get(LANE_KEY)
    return 0 if value is None else int(_lanes.decode(value).now)


def describe(customer: Customer, now: int, policy: Policy, lane: int) -> tuple[bytes, int]:
    """The record and the score of a customer at ``now`` (ms) or when it was last looked at, whichever is later."""
    at = max(now, customer.now)
    line = customer_line(customer, at, policy)
    decay = [
        {"half_life_seconds": half_life / 1000, "points": points}
        for half_life, points in terms(customer.points, at, plan_of(policy).scoring)
    ]
    profile = {name: attribute.value for name, attribute in sorted(customer.profile.items())}
    record = {"lane": lane, "as_of": Instant(at), "policy_version": policy.version, **line, "profile": profile}
    record["decay"] = decay
    return orjson.dumps(record, default=plain, option=orjson.OPT_PASSTHROUGH_SUBCLASS), int(line["score"])


def lane_of(head: bytes) -> int | None:
    """The lane that wrote a record, from its first ``LANE_BYTES``."""
    name, _, rest = head.partition(b":")
    number = rest.partition(b",")[0]
    return int(number) if name == b'{"lane"' and number.isdigit() else None


def score_then(record: Mapping[str, Any], at: int) -> int:
    """The score at an instant (ms) not before ``as_of``, if nothing happens in between."""
    elapsed = (at - parse_instant(record["as_of"])) / 1000
    raw: float = sum(part["points"] * 2.0 ** (-elapsed / part["half_life_seconds"]) for part in record["decay"])
    return max(0, min(100, floor(floor(raw * _PLACES + 0.5) / _PLACES + 0.5)))
