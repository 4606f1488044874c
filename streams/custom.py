"""Custom rules of the policy: count, sum, distinct and absence (CONTRACT 6, Appendix A, B35).

State is bounded and the answer stays exact: a rule that asks for N keeps the newest N instants (or the newest instants
whose sum suffices, or the newest instant of the newest N values); what is older can never decide.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from schemas.policy.rules import Absence, Count, CustomRule, Sum
from schemas.times import Instant
from streams import timers
from streams.compare import field_of, matches, number_of

if TYPE_CHECKING:
    from schemas.events import Event
    from schemas.policy import Policy
    from schemas.policy.rules import Tally
    from streams.state import Customer
    from streams.work import Work

Entries = tuple[tuple[int, str], ...]
EVERY = "\x1e*"
"""The store of ``unless`` events that carry no subject: they count for every subject."""
_ABSENCE_KEPT = 64
_PART = "\x1e"


class Tallied:
    """One count, sum or distinct with its newest entries by subject, in ``customer.rules[store]``."""

    __slots__ = ("store", "subject", "tally")

    def __init__(self, store: str, tally: Tally, subject: str | None) -> None:
        self.store = store
        self.tally = tally
        self.subject = subject

    def subject_of(self, event: Event, default: str | None = None) -> str | None:
        """The subject an event counts for; "" for a rule without one, ``default`` when the field is absent."""
        if self.subject is None:
            return ""
        value = field_of(event, self.subject)
        return default if value is None else str(value)

    def note(self, customer: Customer, event: Event, now: int, subject: str) -> None:
        """Remember a matching event."""
        value = self._value_of(event)
        if value is None:
            return
        horizon = now - self.tally.within
        known = {
            name: entries for name, entries in customer.rules.get(self.store, {}).items() if entries[-1][0] > horizon
        }
        entries = self._newest((*known.get(subject, ()), (int(event.occurred_at), value)), horizon)
        if entries:
            known[subject] = entries
        customer.rules = {**customer.rules, self.store: known}

    def _value_of(self, event: Event) -> str | None:
        if isinstance(self.tally, Count):
            return ""
        value = field_of(event, self.tally.field)
        if isinstance(self.tally, Sum):
            number = number_of(value)
            return None if number is None or number <= 0 else format(number, "f")
        return None if value is None else str(value)

    def _newest(self, entries: Entries, horizon: int) -> Entries:
        ordered = sorted((entry for entry in entries if entry[0] > horizon), key=lambda entry: entry[0])
        if isinstance(self.tally, Count):
            return tuple(ordered[-self.tally.at_least :])
        if isinstance(self.tally, Sum):
            total, first = Decimal(0), len(ordered)
            while first and total < self.tally.at_least:
                first -= 1
                total += Decimal(ordered[first][1])
            return tuple(ordered[first:])
        latest = {value: at for at, value in ordered}
        newest = sorted((at, value) for value, at in latest.items())
        return tuple(newest[-self.tally.at_least :])

    def holds(self, customer: Customer, now: int, subject: str) -> bool:
        """Whether the tally is reached in the window that ends at ``now``."""
        stored = customer.rules.get(self.store)
        if not stored:
            return False
        horizon = now - self.tally.within
        entries = [entry for entry in stored.get(subject, ()) if horizon < entry[0] <= now]
        if subject and EVERY in stored:
            entries += [entry for entry in stored[EVERY] if horizon < entry[0] <= now]
        if isinstance(self.tally, Count):
            return len(entries) >= self.tally.at_least
        if isinstance(self.tally, Sum):
            return sum((Decimal(value) for _, value in entries), Decimal(0)) >= self.tally.at_least
        return len({value for _, value in entries}) >= self.tally.at_least


class Watch:
    """One custom rule, ready to be judged at each event."""

    __slots__ = ("rule", "topics", "unless", "when")

    def __init__(self, rule: CustomRule) -> None:
        self.rule = rule
        self.when = None if isinstance(rule.when, Absence) else Tallied(rule.name, rule.when, rule.subject)
        self.unless = Tallied(f"{rule.name} unless", rule.unless, rule.subject) if rule.unless else None
        filters = [rule.when.filter, *([rule.unless.filter] if rule.unless else [])]
        if isinstance(rule.when, Absence):
            filters.append(rule.when.since)
        self.topics = frozenset(wanted.topic for wanted in filters)

    def judge(self, work: Work, event: Event) -> None:
        """Take the event in, and fire when the rule did not hold without it and holds with it."""
        if self.unless and matches(event, self.unless.tally.filter):
            subject = self.unless.subject_of(event, EVERY)
            if subject is not None:
                self.unless.note(work.after, event, work.now, subject)
        if self.when is None:
            self._absence(work, event)
        elif matches(event, self.when.tally.filter):
            subject = self.when.subject_of(event)
            if subject is None:
                return
            self.when.note(work.after, event, work.now, subject)
            before = work.before
            if self._holds(work.after, work.now, subject) and not (
                before is not None and self._holds(before, work.now, subject)
            ):
                self._fire(work, subject, {"at": Instant(event.occurred_at)})

    def _holds(self, customer: Customer, now: int, subject: str) -> bool:
        if self.when is None or not self.when.holds(customer, now, subject):
            return False
        return not (self.unless and self.unless.holds(customer, now, subject))

    def _fire(self, work: Work, subject: str, more: dict[str, object]) -> None:
        evidence: dict[str, object] = {"rule": self.rule.name, **more}
        if self.when is not None:
            entries = work.after.rules.get(self.when.store, {}).get(subject, ())
            evidence["events"] = [
                {"at": Instant(at), "value": value} if value else {"at": Instant(at)} for at, value in entries[-10:]
            ]
        work.fire_rule(self.rule.name, subject or None, evidence, self.rule.cooldown)

    def _absence(self, work: Work, event: Event) -> None:
        when = self.rule.when
        if not isinstance(when, Absence):
            return
        customer, at = work.after, int(event.occurred_at)
        subject = "" if self.rule.subject is None else field_of(event, self.rule.subject)
        heard_before = customer.rules.get(self.rule.name, {}).get("", ())
        if matches(event, when.filter):
            self._heard(work, when, at, None if subject is None else str(subject))
        if matches(event, when.since) and subject is not None:
            others = [
                seen for seen, about in heard_before if at <= seen < at + when.span and about in ("", str(subject))
            ]
            if not others:
                about = _PART.join((str(at), event.event_id, str(subject)))
                work.set_timer(self.rule.name, at + when.span, about)

    def _heard(self, work: Work, when: Absence, at: int, subject: str | None) -> None:
        customer = work.after
        for name in timers.of_rule(customer.timers, self.rule.name):
            about = timers.parts(name)[1]
            since, _, whose = about.split(_PART)
            if int(since) <= at < int(since) + when.span and (subject is None or subject == whose):
                work.clear_timer(self.rule.name, about)
        seen = sorted((*customer.rules.get(self.rule.name, {}).get("", ()), (at, subject or "")))
        customer.rules = {**customer.rules, self.rule.name: {"": tuple(seen[-_ABSENCE_KEPT:])}}

    def due(self, work: Work, about: str) -> None:
        """Nothing was heard for as long as the rule says."""
        since, _, subject = about.split(_PART)
        if self.unless and self.unless.holds(work.after, work.now, subject):
            return
        self._fire(work, subject, {"since": Instant(int(since))})


def watches_of(policy: Policy) -> tuple[Watch, ...]:
    """The custom rules that are on."""
    return tuple(Watch(rule) for rule in policy.rules if rule.enabled)
