"""What goes wrong on the way: events that come twice, late or broken."""

from __future__ import annotations

from typing import NamedTuple

import orjson

from agents.simulate.dice import Dice
from schemas.times import DAY, HOUR

BROKEN = ("cut", "unknown_type", "without_id", "wrong_field")


class Fate(NamedTuple):
    """What arrives now (None: nothing yet) and what arrives again or late, after how many ms."""

    now: bytes | None
    later: bytes | None
    after: float


def soil(value: bytes, dice: Dice) -> Fate:
    """The fate of an event that does not arrive clean: four in ten come twice, three late, three broken."""
    drawn = dice.random()
    if drawn < 0.4:
        return Fate(value, value, dice.wait(HOUR))
    if drawn < 0.7:
        return Fate(None, value, dice.wait(DAY))
    return Fate(broken(value, dice.pick(BROKEN)), None, 0)


def broken(value: bytes, how: str) -> bytes:
    """The event made invalid: cut JSON, an unknown type, no id, or a field of the wrong type."""
    if how == "cut":
        return value[:-1]
    event = orjson.loads(value)
    if how == "unknown_type":
        event["type"] = "teleported"
    elif how == "without_id":
        del event["event_id"]
    else:
        event["occurred_at"] = 0
    return orjson.dumps(event)
