"""What the engine says: score changes, trigger firings, erasures and figures, as CloudEvents 1.0 (CONTRACT 8, 9).

Bytes are a pure function of the emission, and an ``id`` is a pure function of what caused it: processing the same input
again gives the same ids, so a subscriber can drop what it has seen. What is not known is ``null``, never left out.
"""

from __future__ import annotations

from decimal import Decimal
from hashlib import blake2b
from typing import Annotated, Any, ClassVar, TypeAlias

import msgspec
import orjson
from msgspec import Meta

from schemas.times import Duration, Instant, format_duration, format_instant

SOURCE = "/engagement-engine"
TIMER = "timer"
"""The ``cause`` of what no event caused."""

Score: TypeAlias = Annotated[int, Meta(ge=0, le=100)]
LevelName: TypeAlias = Annotated[str, Meta(pattern="^(low|medium|high)$")]


class ScoreLevel(msgspec.Struct, frozen=True):
    """A score, 0 to 100, and the level it is in: ``low``, ``medium`` or ``high``."""

    score: Score
    level: LevelName


class Contribution(msgspec.Struct, frozen=True):
    """The points of one action at that moment, rounded to 6 decimals."""

    action: str
    points: float


class ScoreChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of score or level; ``contributions`` sum to ``raw``, largest first."""

    topic: ClassVar[str] = "score-changes"
    type: ClassVar[str] = "engagement.score.changed.v1"

    id: str
    customer_id: str
    previous: ScoreLevel
    current: ScoreLevel
    raw: float
    contributions: tuple[Contribution, ...]
    cause: str
    policy_version: str
    at: int


class TriggerFired(msgspec.Struct, frozen=True, kw_only=True):
    """One firing of one rule for one customer and subject; ``evidence`` holds the facts that made it fire."""

    topic: ClassVar[str] = "triggers"
    type: ClassVar[str] = "engagement.trigger.fired.v1"

    id: str
    customer_id: str
    trigger: str
    subject: str | None
    evidence: dict[str, Any]
    cause: str
    score: Score
    level: LevelName
    policy_version: str
    at: int


class CustomerErased(msgspec.Struct, frozen=True, kw_only=True):
    """Subscribers are to forget this customer."""

    topic: ClassVar[str] = "triggers"
    type: ClassVar[str] = "engagement.customer.erased.v1"

    id: str
    customer_id: str
    at: int


class Kpi(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of one slice: ``dimension`` None is overall, ``day`` is ``YYYY-MM-DD`` or ``total``.

    ``figures`` is one of the objects that ``kpis.json`` holds (CONTRACT 10), without ``by``.
    """

    topic: ClassVar[str] = "kpis"
    type: ClassVar[str] = "engagement.kpi.v1"

    id: str
    dimension: str | None
    value: str | None
    day: str
    figures: dict[str, Any]
    policy_version: str
    at: int


Emission: TypeAlias = ScoreChange | TriggerFired | CustomerErased | Kpi
EMISSIONS: tuple[type[Emission], ...] = (ScoreChange, TriggerFired, CustomerErased, Kpi)


def _digest(*parts: str | int | None) -> str:
    return blake2b(orjson.dumps(parts), digest_size=16).hexdigest()


def score_change_id(customer_id: str, cause: str, instant: int, topic: str | None = None) -> str:
    """Id of the score change that ``cause`` made: ``instant`` is the event's ``occurred_at`` or the timer's due time.

    Never pass the wall clock. ``topic`` is that of the causing event, None for a timer.
    """
    return _digest("score", customer_id, topic, cause, instant)


def trigger_id(
    customer_id: str, trigger: str, subject: str | None, cause: str, instant: int, topic: str | None = None
) -> str:
    """Id of a firing; ``instant`` and ``topic`` as for ``score_change_id``."""
    return _digest("trigger", customer_id, trigger, subject, topic, cause, instant)


def erasure_id(customer_id: str, instant: int) -> str:
    """Id of the announcement of an erasure that occurred at ``instant``."""
    return _digest("erased", customer_id, instant)


def kpi_id(dimension: str | None, value: str | None, day: str, instant: int, content: str = "") -> str:
    """Id of the figures of one slice as they were at ``instant``; ``content`` tells apart several of one instant."""
    return _digest("kpi", dimension, value, day, instant, content)


def subject(emission: Emission) -> str:
    """The CloudEvents subject: the customer_id, or the slice (``overall``, ``product:crm``)."""
    if isinstance(emission, Kpi):
        return "overall" if emission.dimension is None else f"{emission.dimension}:{emission.value}"
    return emission.customer_id


def key(emission: Emission) -> bytes:
    """The message key: the subject in UTF-8."""
    return subject(emission).encode()


def data(emission: Emission) -> dict[str, Any]:
    """The ``data`` of the envelope: the emission's fields but the id, with ``at`` written as a time."""
    fields = msgspec.structs.asdict(emission)
    del fields["id"]
    fields["at"] = format_instant(emission.at)
    return fields


def plain(value: object) -> object:
    """JSON form of what evidence may hold besides JSON's own types: money, times, spans, sets and structs.

    Raises:
        TypeError: it has no JSON form.
    """
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Instant):
        return format_instant(value)
    if isinstance(value, Duration):
        return format_duration(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.asdict(value)
    message = f"no JSON form for {type(value).__name__}"
    raise TypeError(message)


def envelope(emission: Emission) -> bytes:
    """The emission as one CloudEvents 1.0 event in structured JSON, without a line end.

    Raises:
        TypeError: evidence or figures hold something that has no JSON form.
    """
    content = data(emission)
    event = {
        "specversion": "1.0",
        "id": emission.id,
        "source": SOURCE,
        "type": emission.type,
        "subject": subject(emission),
        "time": content["at"],
        "datacontenttype": "application/json",
        "data": content,
    }
    return orjson.dumps(event, default=plain, option=orjson.OPT_PASSTHROUGH_SUBCLASS)
