"""The built-in triggers (CONTRACT 6), one small function each.

``ON_EVENT`` are judged at each event of the kinds they name, ``ON_TIMER`` when a timer of their name falls due. To add
a trigger: write its function in the module of its subject, give it its line in that module's table, and its parameters
in the policy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import EVENTS
from streams import definitions
from streams.support import forget
from streams.triggers import browsing, campaigns, feedback, mail, persona, support, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemas.events import Event
    from streams.work import Work

_MODULES = (browsing, campaigns, feedback, mail, support, value)

ON_EVENT: dict[type[Event], tuple[Callable[[Work], None], ...]] = {
    kind: tuple(rule for module in _MODULES for rule, kinds in module.ON_EVENT if issubclass(kind, kinds))
    for kinds_of_topic in EVENTS.values()
    for kind in kinds_of_topic
}
"""Event type -> the rules judged at it."""

ON_TIMER: dict[str, Callable[[Work, str], None]] = {
    name: rule for module in _MODULES for name, rule in module.ON_TIMER.items()
}
"""Timer name -> what runs when it falls due, given what the timer is about."""


def _forget_ticket(work: Work, ticket_id: str) -> None:
    """An escalation that is forgotten no longer denies contact."""
    forget(work, ticket_id)
    mail.contact_due(work)


ON_TIMER["forget_ticket"] = _forget_ticket
ON_TIMER[definitions.TIMER] = definitions.due
judge_persona = persona.judge
judge_segments = persona.judge_segments
