"""One decision in the making: the state before, the state after, and what fires."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from schemas.outputs import TIMER, TriggerFired, trigger_id
from streams import timers

if TYPE_CHECKING:
    from schemas.events import Event
    from schemas.policy import Policy
    from streams.plan import Plan
    from streams.state import Customer


class Firing:
    """A trigger that fired; it becomes a record once score and level are known."""

    __slots__ = ("cause", "evidence", "instant", "subject", "topic", "trigger")

    def __init__(
        self, trigger: str, subject: str | None, evidence: dict[str, Any], cause: str, instant: int, topic: str | None
    ) -> None:
        self.trigger = trigger
        self.subject = subject
        self.evidence = evidence
        self.cause = cause
        self.instant = instant
        self.topic = topic


class Work:
    """What rules see: ``before`` and ``after`` of one customer at one ``now``, and the event between them, if any.

    ``after`` is a copy made for this decision: its fields are replaced, the values in them are never changed in place.
    """

    __slots__ = ("after", "before", "event", "firings", "now", "plan", "policy", "score", "timer_about", "timer_due")

    def __init__(
        self, before: Customer | None, after: Customer, event: Event | None, now: int, policy: Policy, plan: Plan
    ) -> None:
        self.before = before
        self.after = after
        self.event = event
        self.now = now
        self.policy = policy
        self.plan = plan
        self.firings: list[Firing] = []
        self.timer_due: int | None = None
        """The nominal due instant of the timer being run."""
        self.timer_about = ""
        """What the timer being run is about: it tells apart firings that fall due at one instant."""
        self.score = 0
        """The score after, at ``now``, once it is judged."""

    def fire(self, trigger: str, subject: str | None, evidence: dict[str, Any]) -> None:
        """Let a built-in trigger fire, unless it is off or cooling down."""
        settings = getattr(self.policy.triggers, trigger)
        if settings.enabled:
            self.fire_rule(trigger, subject, evidence, settings.cooldown)

    def cooling(self, trigger: str, subject: str | None) -> bool:
        """Whether a firing now would be lost to the cooldown."""
        return self.after.cooldowns.get(timers.key(trigger, subject), self.now) > self.now

    def fire_rule(self, trigger: str, subject: str | None, evidence: dict[str, Any], cooldown: int) -> None:
        """Let a rule fire, unless it is cooling down for this subject; a lost firing leaves no trace (CONTRACT B2)."""
        customer = self.after
        if cooldown:
            if self.cooling(trigger, subject):
                return
            name = timers.key(trigger, subject)
            live = {key: end for key, end in customer.cooldowns.items() if end > self.now}
            live[name] = self.now + cooldown
            customer.cooldowns = live
        event = self.event
        if event is not None and self.timer_due is None:
            self.firings.append(Firing(trigger, subject, evidence, event.event_id, event.occurred_at, event.topic))
        else:
            due = self.now if self.timer_due is None else self.timer_due
            about = self.timer_about if event is None else f"{self.timer_about} {event.topic} {event.event_id}"
            self.firings.append(Firing(trigger, subject, evidence, TIMER, due, about))

    def set_timer(self, rule: str, due: int, about: str | None = None) -> None:
        """Wake this rule at ``due``; a later call for the same subject replaces it."""
        name = timers.key(rule, about)
        if self.after.timers.get(name) != due:
            self.after.timers = {**self.after.timers, name: due}

    def clear_timer(self, rule: str, about: str | None = None) -> None:
        """Forget a timer, if it is set."""
        name = timers.key(rule, about)
        if name in self.after.timers:
            left = dict(self.after.timers)
            del left[name]
            self.after.timers = left

    def records(self) -> list[TriggerFired]:
        """The firings as records, in order of rule and subject."""
        if not self.firings:
            return []
        customer = self.after
        at, version = self.now, self.policy.version
        self.firings.sort(key=lambda firing: (firing.trigger, firing.subject or ""))
        return [
            TriggerFired(
                id=trigger_id(
                    customer.customer_id,
                    firing.trigger,
                    firing.subject,
                    told_apart(firing.cause, firing.instant, self.now, self.policy.dedup_window),
                    firing.instant,
                    firing.topic,
                ),
                customer_id=customer.customer_id,
                trigger=firing.trigger,
                subject=firing.subject,
                evidence=firing.evidence,
                cause=firing.cause,
                score=self.score,
                level=customer.level,
                policy_version=version,
                at=at,
            )
            for firing in self.firings
        ]


def told_apart(cause: str, instant: int, now: int, window: int) -> str:
    """The cause as it goes into an id: handled so many windows after its instant.

    A copy of an event that comes after the window of duplicates is a new event (CONTRACT B13), handled at least one
    window later than the one before, so what it causes has an id of its own. In time it is the bare cause. A timer runs
    in time at its very instant; one that was already due when it was set is told from it.
    """
    late = now - instant
    windows = late // window if cause != TIMER else (1 + late // window if late > 0 else 0)
    return f"{cause} {windows}" if windows > 0 else cause


def part(customer: Customer, name: str) -> Any:
    """A copy of one part of the state, put in the place of the part, to be changed by this decision."""
    fresh = copy(getattr(customer, name))
    setattr(customer, name, fresh)
    return fresh
