"""What every event carries, and the kinds of values in fields (CONTRACT 1)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar, Literal, TypeAlias

import msgspec
from msgspec import Meta

from schemas.times import Instant

Identifier: TypeAlias = Annotated[str, Meta(min_length=1, max_length=128)]
Amount: TypeAlias = Annotated[Decimal, Meta(description="An exact decimal, 0 or more, as a string or a number")]
Seconds: TypeAlias = Annotated[float, Meta(ge=0)]
Currency: TypeAlias = Annotated[str, Meta(pattern="^[A-Z]{3}$", min_length=3, max_length=3, description="ISO 4217")]
Whole: TypeAlias = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Scalar: TypeAlias = str | Whole | float | bool | None
Channel: TypeAlias = Literal["email", "chat", "phone", "web", "social"]
Priority: TypeAlias = Literal["low", "normal", "high", "urgent"]


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What every event carries."""

    topic: ClassVar[str] = ""
    action: ClassVar[str] = ""

    event_id: Identifier
    customer_id: Identifier
    occurred_at: Instant
    campaign_id: str | None = None
    source: str | None = None
    session_id: str | None = None
