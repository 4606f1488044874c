"""What customers do on the site: visit, read, shop."""

from __future__ import annotations

from typing import Any, TypeAlias

from agents.simulate.dice import Dice
from agents.simulate.people import Person
from schemas.times import DAY, MINUTE, SECOND

Step: TypeAlias = tuple[float, str, dict[str, Any]]
"""When (ms), on which topic, and the event without its envelope."""

PAGES = ("/", "/pricing", "/pricing/teams", "/features", "/about", "/docs/start", "/docs/api", "/contact", "/jobs")
ARTICLES = tuple(f"/blog/article-{number}" for number in range(40))
ASSETS = (("price-list", "pdf"), ("handbook", "pdf"), ("white-paper", "pdf"), ("trial", "zip"))
REFERRERS = ("https://search.example/", "https://news.example/", "https://social.example/")
TERMS = ("price", "how to start", "refund", "compare", "export", "invoice")


def visit(person: Person, at: float, dice: Dice) -> list[Step]:
    """Some pages; now and then a search, a form or a download."""
    session = dice.name("s")
    steps: list[Step] = []
    for _ in range(1 if person.persona.name == "silent" else dice.whole(1, 5)):
        at = _view(steps, at, session, dice.pick(PAGES), dice)
    extra = dice.random()
    if extra < 0.12:
        fields = {"type": "search", "query": dice.pick(TERMS), "results": dice.whole(0, 40), "session_id": session}
        steps.append((at, "clickstream", fields))
    elif extra < 0.16:
        steps.append((at, "clickstream", {"type": "form_submit", "form_id": "contact", "session_id": session}))
    elif extra < 0.20:
        steps.append((at, "clickstream", _download(session, dice)))
    return steps


def read(person: Person, at: float, dice: Dice) -> list[Step]:  # noqa: ARG001
    """Articles, read slowly; some are shared, commented or followed by a download."""
    session = dice.name("s")
    steps: list[Step] = []
    for _ in range(dice.whole(1, 5)):
        article = dice.pick(ARTICLES)
        at = _view(steps, at, session, article, dice)
        if dice.chance(0.15):
            steps.append((at, "clickstream", {"type": dice.pick(("comment", "share")), "url": article}))
    if dice.chance(0.2):
        steps.append((at, "clickstream", _download(session, dice)))
    return steps


def shop(person: Person, at: float, dice: Dice) -> list[Step]:
    """Products, perhaps a cart, perhaps a checkout, perhaps an order; else the cart is abandoned."""
    session = dice.name("s")
    product, category = person.product(dice)
    price = f"{dice.whole(499, 24999) / 100:.2f}"
    steps: list[Step] = []
    for _ in range(dice.whole(1, 4)):
        fields = {"type": "product_view", "product_id": product, "category": category, "price": price}
        steps.append((at, "clickstream", fields | {"session_id": session}))
        at += 10 * SECOND + dice.wait(MINUTE)
    if dice.chance(0.55):
        cart = {"product_id": product, "category": category, "amount": price, "session_id": session}
        steps.append((at, "clickstream", {"type": "add_to_cart", **cart}))
        if dice.chance(0.7):
            at += 20 * SECOND + dice.wait(2 * MINUTE)
            steps.append((at, "clickstream", {"type": "checkout_started", **cart}))
            if dice.chance(0.75):
                steps += order(at + 30 * SECOND + dice.wait(2 * MINUTE), product, category, price, dice)
    return steps


def order(at: float, product: str, category: str, amount: str, dice: Dice, campaign: str | None = None) -> list[Step]:
    """A purchase, its confirmation by mail, and what sometimes follows: refund, cancellation, renewal, an answer."""
    number = dice.name("o")
    recurring = dice.chance(0.15)
    bought: dict[str, Any] = {
        "type": "subscription_started" if recurring else "ordered", "order_id": number, "amount": amount,
        "currency": "USD", "product_id": product, "category": category, "recurring": recurring,
    }  # fmt: skip
    if campaign:
        bought["campaign_id"] = campaign
    message = {"message_id": dice.name("m"), "content_id": "order-confirmation", "transactional": True}
    steps: list[Step] = [
        (at, "purchases", bought),
        (at + 2 * SECOND, "email", {"type": "sent", **message}),
        (at + 5 * SECOND, "email", {"type": "delivered", **message}),
    ]
    after = dice.random()
    if recurring:
        steps.append((at + 30 * DAY, "purchases", {**bought, "type": "renewed" if after < 0.9 else "cancelled"}))
    elif after < 0.05:
        back = {"type": "refunded", "order_id": number, "amount": amount, "currency": "USD", "product_id": product}
        steps.append((at + 2 * DAY + dice.wait(3 * DAY), "purchases", back))
    return steps


def _view(steps: list[Step], at: float, session: str, url: str, dice: Dice) -> float:
    stay = 3 * SECOND + dice.wait(45 * SECOND)
    fields: dict[str, Any] = {"type": "page_view", "url": url, "session_id": session, "dwell_seconds": stay // SECOND}
    if not steps and dice.chance(0.4):
        fields["referrer"] = dice.pick(REFERRERS)
    steps.append((at, "clickstream", fields))
    return at + stay


def _download(session: str, dice: Dice) -> dict[str, Any]:
    asset, kind = dice.pick(ASSETS)
    return {"type": "download", "asset_id": asset, "asset_kind": kind, "session_id": session}
