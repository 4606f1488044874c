"""What the figures of one slice look like, from its sums (CONTRACT 10, B28, B32).

Shares are percent, null without a denominator; a campaign's rates are percent of its messages sent. A figure that is
not kept for a dimension is null.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from streams.figures.campaigns import ANSWERS
from streams.figures.people import LEVEL, MEETS, REACHED, ROLE, SEGMENT, SOURCE
from streams.figures.scores import mean_score
from streams.figures.spans import median_seconds
from streams.state import LEVELS, STAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from schemas.policy import Policy
    from streams.figures.fact import Amount, Slice

DIMENSIONS = ("product", "channel", "stage", "campaign", SOURCE)
ROLES = ("decision_maker", "champion", "information_gatherer")
LEADS = REACHED + "lead"
_SERVICE = ("fcr", "csat", "nps", "tickets")
_PEOPLE = (
    "funnel", "funnel_conversion", "conversion", "revenue", "recurring_revenue", "orders",
    "levels", "roles", "segments",
)  # fmt: skip
_TICKETS = ("created", "solved", "escalated", "reopened", "first_reply_overdue", "resolution_overdue")


def shape(policy: Policy, where: Slice, sums: Mapping[str, Amount], standing: Mapping[str, Amount]) -> dict[str, Any]:
    """The figures of a slice: counts from ``sums``, levels, roles, segments and conversion from ``standing``."""
    dimension = where[0]
    shown: dict[str, Any] = dict.fromkeys((*_SERVICE, *_PEOPLE))
    if dimension != "campaign":
        shown |= _service(sums)
    if dimension in (None, SOURCE):
        shown |= _people(policy, sums, standing)
    if dimension == "campaign":
        shown |= _campaign(sums)
    return shown


def percent(part: Amount, whole: Amount) -> float | None:
    """A share in percent, null without a denominator."""
    return round(100 * int(part) / int(whole), 6) if whole else None


def _service(sums: Mapping[str, Amount]) -> dict[str, Any]:
    confirmed, missed = (int(sums.get(name, 0)) for name in ("confirmed", "missed"))
    answers = int(sums.get("answers", 0))
    good, so_so, bad = (int(sums.get(name, 0)) for name in ("promoters", "passives", "detractors"))
    return {
        "fcr": {
            "rate": percent(confirmed, confirmed + missed),
            "confirmed": confirmed,
            "missed": missed,
            "pending": int(sums.get("pending", 0)),
        },
        "csat": {"percent": percent(sums.get("satisfied", 0), answers), "answers": answers},
        "nps": {"value": percent(good - bad, good + so_so + bad), "promoters": good, "passives": so_so,
                "detractors": bad},
        "tickets": {
            **{name: int(sums.get(name, 0)) for name in _TICKETS},
            "median_first_reply_seconds": _median(sums, "first_reply:"),
            "median_resolution_seconds": _median(sums, "resolution:"),
        },
    }  # fmt: skip


def _people(policy: Policy, sums: Mapping[str, Amount], standing: Mapping[str, Amount]) -> dict[str, Any]:
    funnel = _of_kind(sums, REACHED, STAGES)
    leads = standing.get(LEADS, 0)
    return {
        "funnel": funnel,
        "funnel_conversion": {stage: percent(funnel[after], funnel[stage]) for stage, after in pairwise(STAGES)},
        "conversion": {
            name: percent(standing.get(MEETS + name, 0), leads) for name in sorted(policy.customer_definitions)
        },
        "revenue": _money(sums, "revenue:"),
        "recurring_revenue": _money(sums, "recurring:"),
        "orders": int(sums.get("orders", 0)),
        "levels": _of_kind(standing, LEVEL, LEVELS),
        "roles": _of_kind(standing, ROLE, ROLES),
        "segments": _of_kind(standing, SEGMENT, sorted(policy.segments)),
        "mean_score": mean_score(sums),
    }


def _campaign(sums: Mapping[str, Amount]) -> dict[str, Any]:
    sent = int(sums.get("sent", 0))
    counts = {name: int(sums.get(name, 0)) for name in ANSWERS}
    return {"sent": sent, **counts, **{f"{name}_rate": percent(count, sent) for name, count in counts.items()}}


def _of_kind(sums: Mapping[str, Amount], kind: str, names: Iterable[str]) -> dict[str, int]:
    return {name: int(sums.get(kind + name, 0)) for name in names}


def _money(sums: Mapping[str, Amount], kind: str) -> dict[str, str]:
    named = sorted(figure for figure in sums if figure.startswith(kind))
    return {figure.removeprefix(kind): format(Decimal(sums[figure]), "f") for figure in named}


def _median(sums: Mapping[str, Amount], kind: str) -> float | None:
    counts: Counter[int] = Counter()
    for figure, count in sums.items():
        if figure.startswith(kind):
            counts[int(figure.removeprefix(kind))] += int(count)
    return median_seconds(counts)
