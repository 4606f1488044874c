"""Short histories written by hand, for examples worked out on paper."""

from __future__ import annotations

import json
from typing import Any

from schemas.times import DAY, Instant, format_instant, parse_duration, parse_instant
from tests.oracle.replay import Result, replay

ZERO = parse_instant("2026-03-02T00:00:00Z")


def moment(text: str | int) -> Instant:
    """The instant of ``2d``, ``1h`` or a sum such as ``7d+1ms`` after midnight of the first day."""
    if isinstance(text, int):
        return Instant(ZERO + text)
    sign = -1 if text.startswith("-") else 1
    return Instant(ZERO + sign * sum(parse_duration(part) for part in text.lstrip("-").split("+")))


class Story:
    """Lines in the order they are told; ``tell`` names the topic, the type, the time and the fields."""

    def __init__(self) -> None:
        self.streams: dict[str, list[bytes]] = {}
        self.count = 0

    def tell(self, topic: str, kind: str, at: str | int, *, who: str = "ada", times: int = 1, **fields: Any) -> Story:
        """Add ``times`` events that differ in their ids."""
        for _ in range(times):
            self.count += 1
            event = {"event_id": f"e{self.count}", "customer_id": who, "occurred_at": format_instant(moment(at))}
            self.streams.setdefault(topic, []).append(json.dumps({**event, "type": kind, **fields}).encode())
        return self

    def click(self, kind: str, at: str | int, **fields: Any) -> Story:
        """Add a clickstream event; required names are filled in."""
        names = {"search": "query", "download": "asset_id", "form_submit": "form_id"}
        return self.tell("clickstream", kind, at, **{**({names[kind]: "x"} if kind in names else {}), **fields})

    def mail(self, kind: str, at: str | int, message: str, **fields: Any) -> Story:
        """Add an e-mail event."""
        return self.tell("email", kind, at, message_id=message, **fields)

    def ticket(self, kind: str, at: str | int, ticket: str = "t", **fields: Any) -> Story:
        """Add a support event; a ticket is created by chat."""
        if kind == "created":
            fields = {"channel": "chat", **fields}
        return self.tell("support-tickets", kind, at, ticket_id=ticket, **fields)

    def buy(self, at: str | int, amount: Any = "10", kind: str = "ordered", **fields: Any) -> Story:
        """Add a purchase event."""
        return self.tell("purchases", kind, at, order_id=f"o{self.count}", amount=amount, **fields)

    def play(self, policy: dict[str, Any] | None = None, until: str | None = None) -> Ending:
        """The reference's output."""
        return Ending(replay(self.streams, policy, None if until is None else moment(until)))


class Ending:
    """The output of a story, with short questions to it."""

    def __init__(self, result: Result) -> None:
        self.result = result

    def fired(self, trigger: str) -> list[str]:
        """When a trigger fired, as ``day:milliseconds`` after the first midnight, with its subject when it has one."""
        rows = [r for r in self.result.triggers if r["trigger"] == trigger]
        return [shown(r["at"]) + (f" {r['subject']}" if r["subject"] else "") for r in rows]

    def causes(self, trigger: str) -> list[str]:
        """The causes of a trigger's firings."""
        return [r["cause"] for r in self.result.triggers if r["trigger"] == trigger]

    def changes(self) -> list[tuple[int, str]]:
        """The score and the level of each score change."""
        return [(c["current"]["score"], c["current"]["level"]) for c in self.result.score_changes]

    def customer(self, name: str = "ada") -> dict[str, Any]:
        """The line of a customer."""
        return next(c for c in self.result.customers if c["customer_id"] == name)


def shown(at: int) -> str:
    """``day:milliseconds`` after the first midnight of a story."""
    return f"{(at - ZERO) // DAY}:{(at - ZERO) % DAY}"
