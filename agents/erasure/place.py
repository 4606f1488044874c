"""One place where something of a customer could be."""

from __future__ import annotations

from typing import Literal

import msgspec

Verdict = Literal["nothing", "left", "kept", "not_looked"]


class Place(msgspec.Struct, frozen=True):
    """What is there. ``until`` says when it goes, None when nothing is there or nobody can say.

    ``nothing``: looked and found none. ``left``: the engine's own state of the customer. ``kept``: what an erasure
    leaves: the mark, tombstones, and records of topics that others own or that go by retention. ``not_looked``: the
    place was not named or could not tell.
    """

    name: str
    verdict: Verdict
    what: str
    until: str | None = None


def erased(places: list[Place]) -> bool:
    """Whether nothing of the engine's own state is left in the places that were looked at."""
    return all(place.verdict != "left" for place in places)
