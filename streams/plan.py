"""A policy made ready for deciding: what is looked up for every event is worked out once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from zlib import crc32

from schemas.events import EVENTS
from schemas.times import DAY
from streams.custom import Watch, watches_of
from streams.value import PURCHASES_KEPT

if TYPE_CHECKING:
    from schemas.policy import Policy


class Scoring:
    """Half-lives, the daily cap and how many days stay open."""

    __slots__ = ("cap", "capped", "half_lives", "late", "mark", "open_days", "surge_days")

    def __init__(self, policy: Policy) -> None:
        score = policy.score
        default = int(score.half_life)
        self.half_lives = {kind.action: default for kinds in EVENTS.values() for kind in kinds}
        self.half_lives.update({action: int(span) for action, span in score.half_lives.items()})
        self.cap = float(score.daily_cap.points)
        self.capped = frozenset(kind.action for topic in score.daily_cap.topics for kind in EVENTS.get(topic, ()))
        self.late = int(score.daily_cap.late)
        self.surge_days = max(1, int(policy.triggers.interest_surge.within) // DAY)
        self.open_days = max(self.surge_days, -(-self.late // DAY))
        rules = repr((sorted(self.half_lives.items()), self.cap, sorted(self.capped)))
        self.mark = crc32(rules.encode()) or 1
        """Tells policies apart under which the same events add up to other totals."""


class Plan:
    """Everything derived from one policy."""

    __slots__ = (
        "decision_maker",
        "policy",
        "purchases_kept",
        "scoring",
        "sends_kept_for",
        "spending_kept",
        "watches",
        "watches_by_topic",
    )

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.scoring = Scoring(policy)
        self.decision_maker = re.compile(
            "|".join(rf"\b(?:{pattern})\b" for pattern in policy.roles.decision_maker) or r"(?!)", re.IGNORECASE
        )
        contact = policy.contact
        self.sends_kept_for = (
            max(contact.gap, contact.later.span, contact.first.span, *(cap.span for cap in contact.rolling), 0)
            + 40 * DAY
        )
        self.purchases_kept = max(
            PURCHASES_KEPT,
            *(definition.orders or 0 for definition in policy.customer_definitions.values()),
        )
        self.spending_kept = max(
            (definition.within or 0 for definition in policy.customer_definitions.values() if definition.revenue),
            default=0,
        )
        """How long what moved money is kept (ms), 0: not at all."""
        self.watches: tuple[Watch, ...] = watches_of(policy)
        self.watches_by_topic: dict[str, tuple[Watch, ...]] = {
            topic: tuple(watch for watch in self.watches if topic in watch.topics) for topic in EVENTS
        }


_plans: dict[int, Plan] = {}


def plan_of(policy: Policy) -> Plan:
    """The plan of a policy, made once for each policy object in use."""
    plan = _plans.get(id(policy))
    if plan is None or plan.policy is not policy:
        if len(_plans) > 16:
            _plans.clear()
        plan = _plans[id(policy)] = Plan(policy)
    return plan
