"""A customer's history, told as it happened, and run through the core as a replay would.

    story = Story().ticket_created("t1").after("1h").ticket_agent_replied("t1").after("1h").ticket_solved("t1")
    story.until("7d+2h")
    assert story.fired("first_contact_resolved") == ["7d+2h"]

Every event is written as JSON, decoded, and applied at once. Instants are spans since the beginning of the story
(``7d``, ``7d+2h``, ``7d-1ms``) or RFC 3339. The lane's ``now`` is the latest ``occurred_at``, so an event told at an
earlier instant is a late one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import cache
from typing import Any

import orjson

from schemas.decode import decode
from schemas.events import Event
from schemas.outputs import CustomerErased, ScoreChange, TriggerFired, plain
from schemas.policy import Policy, merge
from schemas.times import format_instant, parse_duration, parse_instant
from streams.describe import customer_line
from streams.kpis import Kpis
from streams.lane import Lane, Memory
from streams.outcome import Outcome
from streams.state import Customer

BEGINNING = "2026-03-02T00:00:00Z"
"""A Monday, midnight UTC."""

_CLICKS = {
    "page_view": {"url": "/"}, "product_view": {"product_id": "p1"}, "search": {"query": "shoes"},
    "download": {"asset_id": "a1"}, "form_submit": {"form_id": "f1"}, "comment": {"url": "/"}, "share": {"url": "/"},
    "add_to_cart": {"product_id": "p1"}, "checkout_started": {"product_id": "p1"},
}  # fmt: skip
_MAILS = ("sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed")
_TICKETS = ("agent_replied", "customer_replied", "assigned", "escalated", "solved", "reopened", "closed")
_PURCHASES = ("ordered", "renewed", "subscription_started", "refunded", "cancelled")
KINDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    **{kind: ("clickstream", kind, fields) for kind, fields in _CLICKS.items()},
    **{f"mail_{kind}": ("email", kind, {"message_id": "m1"}) for kind in _MAILS},
    "ticket_created": ("support-tickets", "created", {"ticket_id": "t1", "channel": "web"}),
    **{f"ticket_{kind}": ("support-tickets", kind, {"ticket_id": "t1"}) for kind in _TICKETS},
    "ticket_rated": ("support-tickets", "rated", {"ticket_id": "t1", "score": 3}),
    **{kind: ("purchases", kind, {"amount": "10"}) for kind in _PURCHASES},
    "csat": ("surveys", "csat", {"score": 3}),
    "nps": ("surveys", "nps", {"score": 8}),
    "updated": ("profiles", "updated", {}),
    "erased": ("profiles", "erased", {}),
}
"""Method -> topic, type and the fields it has when nothing else is said; a positional argument is the first of them."""

_UNITS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1))


def span(text: str | int) -> int:
    """Milliseconds of ``7d``, ``7d+2h``, ``30m-1ms``, ``-1ms``."""
    if isinstance(text, int):
        return text
    parts = re.findall(r"([+-]?)(\d+[a-z]+)", text)
    return sum((-1 if sign == "-" else 1) * parse_duration(part) for sign, part in parts)


def shown(milliseconds: int) -> str:
    """A span as a sum of its units: ``7d+2h``; ``0s`` for none."""
    parts, rest = [], abs(milliseconds)
    for unit, size in _UNITS:
        if rest >= size:
            parts.append(f"{rest // size}{unit}")
            rest %= size
    return ("-" if milliseconds < 0 else "") + ("+".join(parts) or "0s")


@cache
def _policy(given: bytes) -> Policy:
    return merge(orjson.loads(given))


class Story:
    """A history in the making. ``page_view``, ``mail_sent``, ``ticket_created``... of ``KINDS`` add one event each."""

    def __init__(self, policy: Mapping[str, Any] | None = None, beginning: str = BEGINNING) -> None:
        self.given = deepcopy(dict(policy or {}))
        self.policy = _policy(orjson.dumps(self.given))
        self.zero = parse_instant(beginning)
        self.cursor = int(self.zero)
        self.who = "ada"
        self.store = Memory()
        self.lane = Lane(self.store, self.policy)
        self.lines: dict[str, list[bytes]] = {}
        """Topic -> the JSON lines told, as a replay reads them."""
        self.script: list[tuple[str, bytes] | int] = []
        """What was told, in order: a topic and its line, or an instant up to which time passed."""
        self.outcomes: list[Outcome] = []
        self.triggers: list[TriggerFired] = []
        self.score_changes: list[ScoreChange] = []
        self.erasures: list[CustomerErased] = []
        self.facts: list[Any] = []
        self._told = 0

    def at(self, moment: str | int) -> Story:
        """What follows occurs at this instant: RFC 3339, or a span since the beginning."""
        self.cursor = self._instant(moment)
        return self

    def after(self, passed: str | int) -> Story:
        """What follows occurs so long after what was told last; a negative span goes back."""
        self.cursor += span(passed)
        return self

    def when(self) -> str:
        """The instant of what follows, as it is written."""
        return format_instant(self.cursor)

    def by(self, who: str) -> Story:
        """What follows is of this customer."""
        self.who = who
        return self

    def tell(self, topic: str, kind: str, **fields: Any) -> Story:
        """Add one event. ``event_id`` and ``customer_id`` may be given; None leaves a field out."""
        self._told += 1
        event = {"event_id": f"e{self._told}", "customer_id": self.who, "occurred_at": format_instant(self.cursor)}
        event |= {"type": kind, **fields}
        line = orjson.dumps({name: value for name, value in event.items() if value is not None})
        decoded = self.decoded(topic, line)
        self.lines.setdefault(topic, []).append(line)
        self.script.append((topic, line))
        self.outcomes.append(self.lane.feed(decoded))
        self._take()
        return self

    @staticmethod
    def decoded(topic: str, line: bytes) -> Event:
        """An event of ``script``."""
        event = decode(topic, line)
        assert isinstance(event, Event), event
        return event

    def until(self, moment: str | int) -> Story:
        """Let time pass up to this instant and run what falls due by then, that instant included."""
        self.cursor = self._instant(moment)
        self.script.append(self.cursor)
        self.lane.advance(self.cursor)
        self._take()
        return self

    def repeat(self, times: int, kind: str, *values: Any, every: str | int = 0, **fields: Any) -> Story:
        """The same kind of event several times, ``every`` so long; the cursor stays at the last."""
        for number in range(times):
            if number:
                self.after(every)
            getattr(self, kind)(*values, **fields)
        return self

    def __getattr__(self, name: str) -> Callable[..., Story]:
        if name not in KINDS:
            raise AttributeError(name)
        topic, kind, usual = KINDS[name]

        def add(*values: Any, **fields: Any) -> Story:
            given = dict(zip(usual, values, strict=False))
            extra: dict[str, Any] = {}
            if topic == "purchases":
                extra["order_id"] = f"o{self._told}"
            if name == "updated":
                common = {key: fields.pop(key) for key in ("event_id", "customer_id") if key in fields}
                return self.tell(topic, kind, attributes=fields, **common)
            return self.tell(topic, kind, **{**extra, **usual, **given, **fields})

        return add

    def fired(self, trigger: str, subject: str | None = None, who: str | None = None) -> list[str]:
        """When a trigger fired, as spans since the beginning; of one subject or customer only when given."""
        return [
            shown(record.at - self.zero)
            for record in self.triggers
            if record.trigger == trigger
            and (subject is None or record.subject == subject)
            and (who is None or record.customer_id == who)
        ]

    def subjects(self, trigger: str) -> list[str | None]:
        """The subjects of a trigger's firings, in order."""
        return [record.subject for record in self.triggers if record.trigger == trigger]

    def evidence(self, trigger: str) -> dict[str, Any]:
        """What the latest firing rests on, as it is written: times and money are text."""
        latest = [record for record in self.triggers if record.trigger == trigger][-1]
        return _written(latest.evidence)

    def changes(self) -> list[tuple[str, int, str]]:
        """When, to which score and to which level: one of each score change."""
        return [(shown(c.at - self.zero), c.current.score, c.current.level) for c in self.score_changes]

    def line(self, who: str = "ada") -> dict[str, Any]:
        """The customer's line of ``customers.jsonl`` at the lane's now, as it is written."""
        return _written(customer_line(self.state(who), self.lane.now, self.policy))

    def state(self, who: str = "ada") -> Customer:
        """What is kept of a customer."""
        state = self.store.get(who)
        assert isinstance(state, Customer), f"{who} is not known"
        return state

    def kpis(self) -> dict[str, Any]:
        """The content of ``kpis.json`` over all that was told."""
        kpis = Kpis(self.policy)
        kpis.add(self.facts)
        return _written(kpis.document())

    @property
    def disposition(self) -> str:
        """What became of the latest event: applied, duplicate or dropped."""
        return self.outcomes[-1].disposition

    def _instant(self, moment: str | int) -> int:
        if isinstance(moment, str) and "T" in moment:
            return int(parse_instant(re.sub(r"(T\d\d:\d\d)(?=[Z+-])", r"\1:00", moment)))
        return self.zero + span(moment)

    def _take(self) -> None:
        changes = self.lane.take()
        self.facts += changes.facts
        for emission in changes.emissions:
            if isinstance(emission, TriggerFired):
                self.triggers.append(emission)
            elif isinstance(emission, ScoreChange):
                self.score_changes.append(emission)
            else:
                self.erasures.append(emission)


def _written(value: Any) -> dict[str, Any]:
    """A value as JSON writes it."""
    found: dict[str, Any] = orjson.loads(orjson.dumps(value, default=plain, option=orjson.OPT_PASSTHROUGH_SUBCLASS))
    return found
