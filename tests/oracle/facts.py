"""Stage, role, interests and crossing conditions from the list of all events (CONTRACT 5, 6, B20-B26)."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any
from urllib.parse import urlsplit

from tests.oracle import conditions, mail, score
from tests.oracle.decode import Ev
from tests.oracle.tickets import Desk
from tests.oracle.value import purchases

DAY = 86_400_000
STAGES = ("subscriber", "lead", "qualified", "opportunity", "customer", "repeat_customer")
Crossing = tuple[str, str | None]


def stage(events: list[Ev], level: str, before: str | None) -> str:
    """The furthest stage reached, never behind the one before."""
    actions = {e.action for e in events}
    reached = {"subscriber", before or "subscriber"}
    if actions & {"clickstream.form_submit", "email.clicked"}:
        reached.add("lead")
    ready = actions & {"clickstream.download", "clickstream.form_submit", "clickstream.add_to_cart"}
    if reached - {"subscriber"} and level != "low" and ready:
        reached.add("qualified")
    if "clickstream.checkout_started" in actions:
        reached.add("opportunity")
    if purchases(events):
        reached.add("customer")
    if len(purchases(events)) >= 2:
        reached.add("repeat_customer")
    return max(reached, key=STAGES.index)


def under_blog(url: str) -> bool:
    """Whether a URL's path is ``/blog`` or below."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return False
    return path == "/blog" or path.startswith("/blog/")


def role(events: list[Ev], now: int, policy: dict[str, Any]) -> str | None:
    """The role at ``now``."""
    rules = policy["roles"]
    title = mail.latest_attribute(events, "job_title")
    if isinstance(title, str):
        for pattern in rules["decision_maker"]:
            if re.search(rf"\b(?:{pattern})\b", title, re.IGNORECASE):
                return "decision_maker"

    def recent(within: int) -> list[Ev]:
        return [e for e in events if now - within < e.at <= now]

    social = [
        e
        for e in recent(rules["champion"]["within"])
        if e.action in ("clickstream.comment", "clickstream.share")
        or (e.action == "clickstream.page_view" and under_blog(e.get("url")))
    ]
    if len(social) >= rules["champion"]["count"]:
        return "champion"
    downloads = [e for e in recent(rules["information_gatherer"]["within"]) if e.action == "clickstream.download"]
    return "information_gatherer" if len(downloads) >= rules["information_gatherer"]["count"] else None


def interests(events: list[Ev], at: int, policy: dict[str, Any]) -> list[dict[str, Any]]:
    """The three categories with the most decayed points of product views."""
    sums: dict[str, float] = defaultdict(float)
    for event in events:
        if event.action == "clickstream.product_view" and event.get("category") is not None and event.at <= at:
            span = score.half_life(event.action, policy)
            sums[event.get("category")] += score.points(event, policy) * 2 ** (-(at - event.at) / span)
    rows = [{"category": c, "points": score.rounded(p)} for c, p in sums.items()]
    return sorted(rows, key=lambda row: (-row["points"], row["category"]))[:3]


def is_activity(event: Ev) -> bool:
    """Whether an event counts as activity for ``going_quiet``."""
    return (
        event.topic in ("clickstream", "purchases", "surveys")
        or mail.personal(event)
        or event.action in ("support-tickets.created", "support-tickets.customer_replied")
    )


def crossings(events: list[Ev], now: int, policy: dict[str, Any]) -> set[Crossing]:
    """The (trigger, subject) pairs of every crossing rule whose condition holds at ``now``."""
    found: set[Crossing] = set()
    rules = policy["triggers"]

    surge = rules["interest_surge"]
    past = (now // DAY - surge["within"] // DAY + 1) * DAY - 1
    if score.score(events, now, policy) - score.score(events, past, policy) >= surge["points"]:
        found.add(("interest_surge", None))

    views = rules["product_interest"]
    counts: dict[str, int] = defaultdict(int)
    for event in events:
        if event.action == "clickstream.product_view" and now - views["within"] < event.at <= now:
            bought = [p.at for p in purchases(events) if p.get("product_id") == event.get("product_id")]
            if not bought or event.at > max(bought):
                counts[event.get("product_id")] += 1
    found |= {("product_interest", product) for product, n in counts.items() if n >= views["count"]}

    opened = mail.messages(events, "opened")
    if len(opened) >= rules["reader_never_clicks"]["opened"] and not any(e.action == "email.clicked" for e in events):
        found.add(("reader_never_clicks", None))

    repeat = rules["repeat_contact"]
    contacts: dict[str | None, int] = defaultdict(int)
    for ticket, created in Desk(events, now, policy).created:
        if now - repeat["within"] < created.at <= now:
            contacts[ticket.product] += 1
    found |= {("repeat_contact", product) for product, n in contacts.items() if n >= repeat["count"]}

    for rule in policy["rules"]:
        found |= {(rule["name"], subject) for subject in conditions.rule_subjects(rule, events, now)}
    return found
