"""What people answer."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from schemas.events.common import Event


class SurveyEvent(Event, frozen=True, kw_only=True):
    """What every survey answer carries."""

    topic = "surveys"
    survey_id: str | None = None
    comment: str | None = None
    product: str | None = None


class CsatAnswered(SurveyEvent, frozen=True, kw_only=True, tag="csat"):
    """A satisfaction answer, 1 to 5."""

    action = "surveys.csat"
    score: Annotated[int, Meta(ge=1, le=5)]


class NpsAnswered(SurveyEvent, frozen=True, kw_only=True, tag="nps"):
    """A recommendation answer, 0 to 10."""

    action = "surveys.nps"
    score: Annotated[int, Meta(ge=0, le=10)]
