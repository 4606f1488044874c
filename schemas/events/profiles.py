"""Who the customer is, and the wish to be forgotten."""

from __future__ import annotations

from schemas.events.common import Event, Scalar


class ProfileUpdated(Event, frozen=True, kw_only=True, tag="updated"):
    """Attributes of the customer, merged over those known."""

    topic = "profiles"
    action = "profiles.updated"
    attributes: dict[str, Scalar]


class ProfileErased(Event, frozen=True, kw_only=True, tag="erased"):
    """The customer is to be forgotten (CONTRACT 9)."""

    topic = "profiles"
    action = "profiles.erased"
