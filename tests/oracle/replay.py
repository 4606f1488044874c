"""Merge, arrival, deduplication, erasure, timers and the output of a replay (CONTRACT 1, 9, 10, B13-B16, B27)."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from schemas.topics import INPUTS
from tests.oracle import decode
from tests.oracle import policy as policies
from tests.oracle.customer import Customer
from tests.oracle.line import line
from tests.oracle.timers import Timer, timers

Streams = dict[str, list[bytes]]


@dataclass
class Result:
    """What ``engage replay`` writes, as plain data; instants are milliseconds, those of customers are text."""

    score_changes: list[dict[str, Any]] = field(default_factory=list)
    triggers: list[dict[str, Any]] = field(default_factory=list)
    erased: list[dict[str, Any]] = field(default_factory=list)
    dead_letters: list[tuple[str, str, int, str]] = field(default_factory=list)
    customers: list[dict[str, Any]] = field(default_factory=list)
    kpis: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, int] = field(default_factory=dict)


def merge(streams: Streams) -> list[tuple[str, int, bytes]]:
    """The lines of all topics in the order of a replay, as (topic, line number, line)."""
    waiting = {topic: [(n, text) for n, text in enumerate(streams.get(topic, [])) if text.strip()] for topic in INPUTS}
    order = []
    while any(waiting.values()):
        heads = [(decode.occurred_at(lines[0][1]), topic) for topic, lines in waiting.items() if lines]
        topic = min(heads, key=lambda head: -1 if head[0] is None else head[0])[1]
        order.append((topic, *waiting[topic].pop(0)))
        while waiting[topic] and decode.occurred_at(waiting[topic][0][1]) is None:
            order.append((topic, *waiting[topic].pop(0)))
    return order


class Replay:
    """One run over the merged lines."""

    def __init__(self, policy: dict[str, Any], until: int | None) -> None:
        self.policy = policy
        self.until = until
        self.now = 0
        self.seq = 0
        self.customers: dict[str, Customer] = {}
        self.gone: list[tuple[Customer, int]] = []
        self.erasures: dict[str, int] = {}
        self.first_copy: dict[tuple[str, str, str], int] = {}
        self.pending: dict[str, list[Timer]] = {}
        self.last_applied = 0
        self.result = Result()
        self.counts = {"applied": 0, "duplicates": 0, "dropped": 0}

    def advance(self, now: int) -> None:
        """Run every timer due at or before ``now``."""
        while True:
            due = [(t.due, c, t.rule, t.subject, i) for c, ts in self.pending.items() for i, t in enumerate(ts[:1])]
            due = [d for d in due if d[0] <= now]
            if not due:
                return
            name = min(due)[1]
            self.run(name, self.pending[name][0], max(self.pending[name][0].due, self.now))

    def run(self, name: str, timer: Timer, at: int) -> None:
        """Run one timer of one customer."""
        self.now = max(self.now, at)
        customer = self.customers[name]
        customer.done.add(timer.key)
        customer.base = at
        timer.run(at)
        self.pending[name] = timers(customer)

    def feed(self, event: decode.Ev) -> str:
        """Handle one event and say what became of it."""
        if self.until is not None and event.at > self.until:
            return "dropped"
        self.advance(max(self.now, event.at))
        now = self.now = max(self.now, event.at)
        name = event.customer
        if name in self.erasures and event.at <= self.erasures[name]:
            return "dropped"
        copy = (name, event.topic, event.id)
        if copy in self.first_copy and now < self.first_copy[copy] + self.policy["dedup_window"]:
            return "duplicates"
        self.first_copy[copy] = now
        self.last_applied = max(self.last_applied, event.at)
        if event.action == "profiles.erased":
            self.erase(name, event, now)
            return "applied"
        self.seq += 1
        event.seq, event.arrived = self.seq, now
        customer = self.customers.setdefault(name, Customer(name, self.policy))
        customer.apply(event, now)
        self.pending[name] = timers(customer)
        customer.lifted_by = event.id
        while self.pending[name] and self.pending[name][0].due <= now:
            self.run(name, self.pending[name][0], now)
        customer.lifted_by = None
        return "applied"

    def erase(self, name: str, event: decode.Ev, now: int) -> None:
        """Forget a customer."""
        self.erasures[name] = event.at
        if name in self.customers:
            self.gone.append((self.customers.pop(name), now))
            del self.pending[name]
        self.first_copy = {copy: at for copy, at in self.first_copy.items() if copy[0] != name}
        self.result.erased.append({"customer_id": name, "at": now})

    def finish(self) -> Result:
        """Run the last timers and describe everyone."""
        end = self.until if self.until is not None else self.last_applied
        self.advance(max(end, self.now))
        end = max(end, self.now)
        result = self.result
        for customer in [*(c for c, _ in self.gone), *self.customers.values()]:
            result.score_changes += customer.score_changes
            result.triggers += customer.triggers
        result.customers = [line(self.customers[name], end) for name in sorted(self.customers)]
        result.summary = {
            "events": sum(self.counts.values()) + len(result.dead_letters),
            **self.counts,
            "dead_letters": len(result.dead_letters),
            "score_changes": len(result.score_changes),
            "triggers": len(result.triggers),
            "customers": len(result.customers),
        }
        return result


def replay(streams: Streams, changes: dict[str, Any] | None = None, until: int | None = None) -> Result:
    """What a replay of these lines writes; ``changes`` is a policy file's mapping, ``until`` milliseconds."""
    from tests.oracle.kpis import kpis

    run = Replay(policies.merged(changes), until)
    for topic, offset, text in merge(streams):
        event = decode.decode(topic, text)
        if isinstance(event, str):
            run.result.dead_letters.append((event, topic, offset, base64.b64encode(text).decode()))
        else:
            run.counts[run.feed(event)] += 1
    result = run.finish()
    result.kpis = kpis(run)
    return result
