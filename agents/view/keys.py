"""The keys of the view, and how a client connects. What each key holds is for other services to rely on.

    <prefix>:customer:<id>   string   JSON: the customer's line of ``customers.jsonl`` and what ``record.py`` adds
    <prefix>:triggers:<id>   zset     the latest triggers, CloudEvents as on the topic, scored by ``at`` (unix ms)
    <prefix>:by-score        zset     customer ids, scored by score
    <prefix>:lane:<n>        hash     who writes the customers of this partition, and how far the view is: the engine's
    <prefix>:writer:<n>      string   is there while a worker keeps the customers of this partition: the engine's

All keys of a customer change together (MULTI). The prefix is the setting ``view_prefix``, or the application id.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from agents.settings import Settings

WRITER_SECONDS: Final = 15
"""A worker that has not renewed its ``writer`` key for so long is not there."""
_TIMEOUT_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Keys:
    """The names of all keys under one prefix."""

    prefix: str

    def customer(self, customer_id: str) -> str:
        """What is known of a customer."""
        return f"{self.prefix}:customer:{customer_id}"

    def triggers(self, customer_id: str) -> str:
        """The customer's latest triggers."""
        return f"{self.prefix}:triggers:{customer_id}"

    @property
    def by_score(self) -> str:
        """All customers of the view by score."""
        return f"{self.prefix}:by-score"

    def lane(self, partition: int) -> str:
        """The claim of whoever writes the customers of a partition."""
        return f"{self.prefix}:lane:{partition}"

    def writer(self, partition: int) -> str:
        """The sign of life of a worker that writes them."""
        return f"{self.prefix}:writer:{partition}"


class Claim(NamedTuple):
    """What ``lane:<n>`` holds.

    ``fence`` is the changelog offset at which the owner took the lane over: a later owner has a higher one. ``writes``
    counts the transactions of this owner: another number than it remembers means that Redis lost some. ``position`` is
    the changelog offset up to which the view is complete, None while it is being made; ``now`` is the lane's time then
    and ``at`` the wall clock (unix ms).
    """

    owner: str
    fence: int
    writes: int
    position: int | None
    now: int
    at: int
    made_by: str

    def fields(self) -> dict[str, str]:
        """The hash's fields; an unknown position is empty."""
        return {name: "" if value is None else str(value) for name, value in self._asdict().items()}


def parse_claim(fields: dict[bytes, bytes]) -> Claim | None:
    """The claim of a hash; None when there is none that can be read."""
    try:
        found = {name.decode(): value.decode() for name, value in fields.items()}
        position = found["position"]
        return Claim(
            found["owner"],
            int(found["fence"]),
            int(found["writes"]),
            int(position) if position else None,
            int(found["now"]),
            int(found["at"]),
            found["made_by"],
        )
    except (KeyError, ValueError):
        return None


def new_owner() -> str:
    """A name that no other owner of a lane has."""
    return secrets.token_hex(8)


@dataclass(frozen=True)
class Address:
    """Where Redis is. The URL may hold a password: it is not shown by ``repr``."""

    url: str = field(repr=False)
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None

    def options(self) -> dict[str, Any]:
        """Arguments of ``from_url``, for the client with and the one without asyncio."""
        found: dict[str, Any] = {"socket_timeout": _TIMEOUT_SECONDS, "socket_connect_timeout": _TIMEOUT_SECONDS}
        if self.password:
            found["password"] = self.password
        if self.ca_file and self.url.startswith("rediss:"):
            found["ssl_ca_certs"] = self.ca_file
        return found


def address_of(settings: Settings) -> Address | None:
    """Where the settings say Redis is; None when there is to be no view."""
    if settings.redis_url is None or not settings.redis_url.get_secret_value():
        return None
    password = settings.redis_password.get_secret_value() if settings.redis_password else None
    ca_file = str(settings.redis_ca_file) if settings.redis_ca_file else None
    return Address(settings.redis_url.get_secret_value(), password, ca_file)
