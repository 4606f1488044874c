"""Small, nasty histories from a seed: times on boundaries, late and doubled events, disorder and bad lines."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from schemas.times import DAY, HOUR, MINUTE, format_instant, parse_instant

START = int(parse_instant("2026-03-01T00:00:00Z"))
STEPS = (0, 0, 0, 1, 1000, MINUTE, 29 * MINUTE, 30 * MINUTE, 30 * MINUTE - 1, HOUR, HOUR, HOUR - 1, HOUR + 1, 4 * HOUR,
         8 * HOUR, DAY - 1, DAY, DAY, DAY + 1, 2 * DAY)  # fmt: skip
LONG_STEPS = (3 * DAY, 5 * DAY, 7 * DAY - 1, 7 * DAY, 7 * DAY, 14 * DAY, 14 * DAY + 1, 28 * DAY, 30 * DAY, 60 * DAY,
              90 * DAY)  # fmt: skip
LATE = (1, 1000, HOUR, DAY, 3 * DAY, 3 * DAY + 1, 5 * DAY, 7 * DAY, 10 * DAY)
URLS = ("/pricing", "/pricing?plan=pro", "/blog", "/blog/one", "/blogger", "https://shop.example/blog/two", "/home")
TITLES = ("Chief of Staff", "VP Sales", "Vice President", "Engineer", "headof", "Head of Growth", "CEO", "co-founder")
KINDS = (
    ("clickstream", ("page_view", "page_view", "page_view", "product_view", "product_view", "search", "download",
                     "form_submit", "comment", "share", "add_to_cart", "checkout_started")),
    ("email", ("sent", "sent", "sent", "sent", "delivered", "opened", "opened", "clicked", "bounced", "complained",
               "unsubscribed")),
    ("support-tickets", ("created", "created", "agent_replied", "customer_replied", "assigned", "escalated", "solved",
                         "solved", "reopened", "closed", "rated")),
    ("purchases", ("ordered", "ordered", "renewed", "subscription_started", "refunded", "cancelled")),
    ("surveys", ("csat", "nps")),
    ("profiles", ("updated", "updated", "updated", "erased")),
)  # fmt: skip
WEIGHTS = (9, 7, 7, 4, 2, 1)
RARE = {"complained": 0.2, "unsubscribed": 0.3, "bounced": 0.3, "erased": 0.5}


class World:
    """A generator of the lines of the six topics.

    ``late`` is the share of events that are written after later ones, ``bad`` that of lines that are dead letters,
    ``double`` that of lines written twice, ``leap`` that of steps of days and months.
    """

    def __init__(
        self,
        seed: int,
        size: int,
        customers: int = 4,
        late: float = 0.1,
        bad: float = 0.03,
        double: float = 0.06,
        leap: float = 0.04,
    ) -> None:
        self.leap = leap
        self.random = Random(seed)
        self.size, self.late, self.bad, self.double = size, late, bad, double
        self.names = [f"c{n}" for n in range(customers)]
        self.now = START + self.random.choice((0, HOUR, DAY - 1))
        self.count = 0

    def lines(self) -> dict[str, list[bytes]]:
        """The lines of every topic, in the order of their files."""
        streams: dict[str, list[bytes]] = {topic: [] for topic, _ in KINDS}
        copies: list[tuple[int, str, bytes]] = []
        for _ in range(self.size):
            rare = self.random.random() < self.leap
            self.now += self.random.choice(LONG_STEPS if rare else STEPS)
            for copy in [c for c in copies if c[0] <= self.now]:
                copies.remove(copy)
                streams[copy[1]].append(copy[2])
            at = self.now
            if self.random.random() < self.late:
                at = max(START, at - self.random.choice(LATE))
            topic, event = self.event(at)
            text = json.dumps(event).encode()
            if self.random.random() < self.bad:
                text = self.broken(event)
            streams[topic].append(text)
            if self.random.random() < self.double:
                wait = self.random.choice((0, 1, HOUR, DAY - 1, DAY, DAY + 1, 3 * DAY))
                copies.append((self.now + wait, topic, text))
        return streams

    def event(self, at: int) -> tuple[str, dict[str, Any]]:
        """One event of any topic."""
        pick = self.random
        while True:
            topic, kinds = pick.choices(KINDS, WEIGHTS)[0]
            kind = pick.choice(kinds)
            if pick.random() < RARE.get(kind, 1):
                break
        self.count += 1
        event: dict[str, Any] = {
            "event_id": f"e{self.count}",
            "customer_id": pick.choice(self.names),
            "occurred_at": format_instant(at),
            "type": kind,
        }
        fill = getattr(self, "_" + topic.replace("-", "_"))
        fill(event, kind)
        return topic, event

    def _clickstream(self, event: dict[str, Any], kind: str) -> None:
        pick = self.random
        if kind in ("page_view", "comment", "share"):
            event["url"] = pick.choice(URLS)
        if kind == "page_view":
            event["dwell_seconds"] = pick.choice((None, 0, 59.9, 60, 200))
        if kind in ("product_view", "add_to_cart", "checkout_started"):
            event["product_id"] = pick.choice(("p1", "p2"))
            event["category"] = pick.choice(("shoes", "hats", "bags", "coats", None))
        named = {"search": "query", "download": "asset_id", "form_submit": "form_id"}
        if kind in named:
            event[named[kind]] = "a"
        if kind in ("form_submit", "checkout_started"):
            event["campaign_id"] = pick.choice((None, None, "k1"))

    def _email(self, event: dict[str, Any], kind: str) -> None:
        pick = self.random
        number = pick.randrange(1, 40) if kind == "sent" else pick.randrange(1, 30)
        if kind == "sent" and pick.random() < 0.8:
            number = 100 + self.count
        if kind != "sent" and pick.random() < 0.7:
            number = 100 + pick.randrange(max(1, self.count - 30), self.count + 1)
        message = f"{event['customer_id']}-m{number}"
        event |= {"message_id": message, "campaign_id": f"k{number % 3}", "transactional": number % 7 == 0}
        if kind == "sent":
            event["content_id"] = pick.choice((None, *[f"x{n}" for n in range(6)]))
        if kind == "opened":
            event["machine_open"] = pick.random() < 0.3
        if kind == "bounced":
            event["bounce_kind"] = pick.choice(("soft", "soft", "hard", None))

    def _support_tickets(self, event: dict[str, Any], kind: str) -> None:
        pick = self.random
        event["ticket_id"] = f"{event['customer_id']}-t{pick.randrange(self.count // 40, self.count // 40 + 3)}"
        if kind == "created":
            event["channel"] = pick.choice(("email", "chat", "phone", "web", "social"))
            event["priority"] = pick.choice(("low", "normal", "high", "urgent", None))
            event["product"] = pick.choice(("app", "site", None))
        if kind == "assigned":
            event["assignee"] = pick.choice(("ann", "bob"))
        if kind == "rated":
            event["score"] = pick.randrange(1, 6)

    def _purchases(self, event: dict[str, Any], kind: str) -> None:
        pick = self.random
        event["order_id"] = f"o{self.count}"
        if kind != "cancelled":
            event["amount"] = pick.choice(("100.00", 250, "499.99", "0.01", 1000, 333.33))
        event["currency"] = pick.choice((None, "USD", "USD", "EUR"))
        event["product_id"] = pick.choice((None, "p1", "p2"))
        event["recurring"] = kind != "ordered"

    def _surveys(self, event: dict[str, Any], kind: str) -> None:
        event["score"] = self.random.randrange(1, 6) if kind == "csat" else self.random.randrange(0, 11)
        event["survey_id"] = self.random.choice((None, "s1", "s2"))
        event["product"] = self.random.choice(("app", None))

    def _profiles(self, event: dict[str, Any], kind: str) -> None:
        if kind == "updated":
            name = self.random.choice(("job_title", "marketing_consent", "country", "acquisition_source"))
            values = {"job_title": TITLES, "marketing_consent": (True, True, False), "country": ("DE", "FR")}
            event["attributes"] = {name: self.random.choice(values.get(name, ("ads", "web")))}

    def broken(self, event: dict[str, Any]) -> bytes:
        """A line that is a dead letter, or blank."""
        text = json.dumps(event).encode()
        return self.random.choice(
            (
                b"",
                b"   ",
                b"{",
                b"\xff\xfe",
                b"[1]",
                b"null",
                text.replace(b'{"event_id"', b'{"x": NaN, "event_id"'),
                json.dumps({**event, "type": "levitated"}).encode(),
                json.dumps({**event, "event_id": ""}).encode(),
                json.dumps({**event, "customer_id": "c" * 129}).encode(),
                json.dumps({**event, "occurred_at": "2026-03-01 10:00"}).encode(),
                json.dumps({**event, "occurred_at": None}).encode(),
                json.dumps({**event, "type": 7}).encode(),
                json.dumps({**event, "padding": "x" * 262_144}).encode(),
                json.dumps({**event, "score": True, "ticket_id": 5, "order_id": 5, "url": 5, "message_id": 5,
                            "attributes": [], "product_id": 5, "query": 1, "asset_id": 1, "form_id": 1}).encode(),
            )
        )  # fmt: skip
