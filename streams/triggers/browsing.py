"""Triggers from browsing: interest, quiet, carts, and a ticket right after reading."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from schemas import events as e
from schemas.times import DAY, Instant, day_of
from streams import score

if TYPE_CHECKING:
    from streams.state import Customer
    from streams.work import Work

ACTIVITY: tuple[type[e.Event], ...] = (
    e.PageView, e.ProductView, e.Search, e.Download, e.FormSubmit, e.Comment, e.Share, e.AddToCart,
    e.CheckoutStarted, e.MailClicked, e.PurchaseEvent, e.SurveyEvent, e.TicketCreated, e.TicketCustomerReplied,
)  # fmt: skip


def is_activity(event: e.Event) -> bool:
    """Whether an event is something the customer did (CONTRACT 6, ``going_quiet``)."""
    return isinstance(event, ACTIVITY) or (isinstance(event, e.MailOpened) and not event.machine_open)


def _rise(customer: Customer, work: Work) -> tuple[int, int]:
    """The score now and at the end of the day a week ago; ``then`` is kept with the points."""
    scoring = work.plan.scoring
    customer.points = score.looking_back(customer.points, day_of(work.now) - scoring.surge_days, scoring)
    then = customer.points.then
    return score.score_at(customer.points, work.now, scoring), score.score_of(then[1]) if then else 0


def interest_surge(work: Work) -> None:
    """The score is well above that at the end of the day a week ago (CONTRACT B26)."""
    needed = work.policy.triggers.interest_surge.points
    if work.score < needed or work.cooling("interest_surge", None):
        return
    scoring = work.plan.scoring
    now, then = _rise(work.after, work)
    if now - then < needed:
        return
    if work.before is not None:
        was, was_then = _rise(copy(work.before), work)
        if was - was_then >= needed:
            return
    main = score.contributions(work.after.points, work.now, scoring)[:3]
    work.fire(
        "interest_surge",
        None,
        {
            "score": now,
            "score_then": then,
            "rise": now - then,
            "then": Instant((day_of(work.now) - scoring.surge_days + 1) * DAY - 1),
            "most_from": [{"action": action, "points": points} for action, points in main],
        },
    )


def going_quiet(work: Work, _about: str) -> None:
    """Nothing was heard for long of a customer who was interested."""
    customer = work.after
    if customer.quiet_level == "low":
        return
    work.fire(
        "going_quiet",
        None,
        {
            "last_activity": None if customer.last_activity is None else Instant(customer.last_activity),
            "first_seen": Instant(customer.first_seen),
            "quiet_for": work.policy.triggers.going_quiet.after,
            "level_then": customer.quiet_level,
        },
    )


def _views(customer: Customer | None, product: str, work: Work) -> tuple[int, ...]:
    """The views of a product within the window and after its last purchase."""
    if customer is None:
        return ()
    horizon = work.now - work.policy.triggers.product_interest.within
    bought = customer.value.bought.get(product)
    since = horizon if bought is None else max(horizon, bought)
    return tuple(at for at in customer.browsing.views.get(product, ()) if since < at <= work.now)


def product_interest(work: Work) -> None:
    """One product viewed again and again, and not bought."""
    if not isinstance(work.event, e.ProductView):
        return
    product, count = work.event.product_id, work.policy.triggers.product_interest.count
    views = _views(work.after, product, work)
    if len(views) >= count > len(_views(work.before, product, work)):
        work.fire(
            "product_interest",
            product,
            {"product_id": product, "category": work.event.category, "views": [Instant(at) for at in views]},
        )


def cart_abandoned(work: Work, _about: str) -> None:
    """The cart was left and nothing was bought."""
    browsing = work.after.browsing
    product, amount = browsing.cart
    work.fire(
        "cart_abandoned",
        None,
        {
            "last_cart_event": Instant(browsing.cart_at or 0),
            "product_id": product,
            "amount": amount,
            "waited": work.policy.triggers.cart_abandoned.after,
        },
    )


def information_gap(work: Work) -> None:
    """Someone read the site and then asked: they did not find what they needed."""
    event, settings = work.event, work.policy.triggers.information_gap
    if not isinstance(event, e.TicketCreated) or event.channel not in settings.channels:
        return
    known = None if work.before is None else work.before.tickets.get(event.ticket_id)
    if known is not None and known.created_at is not None:
        return
    at = int(event.occurred_at)
    pages = [page for page in work.after.browsing.pages if page[0] <= at]
    if pages and at < pages[-1][0] + settings.within:
        work.fire(
            "information_gap",
            event.ticket_id,
            {
                "channel": event.channel,
                "ticket_subject": event.subject,
                "product": event.product,
                "pages": [{"url": url, "at": Instant(seen)} for seen, url in reversed(pages[-settings.pages :])],
            },
        )


ON_EVENT = (
    (interest_surge, (e.Event,)),
    (product_interest, (e.ProductView,)),
    (information_gap, (e.TicketCreated,)),
)
ON_TIMER = {"going_quiet": going_quiet, "cart_abandoned": cart_abandoned}
