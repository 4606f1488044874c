"""What a customer reads, views, downloads and puts into the cart (CONTRACT 5, 6)."""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from schemas import events as e
from schemas.times import HOUR
from streams.score import round6
from streams.weights import weight_of
from streams.work import part

if TYPE_CHECKING:
    from streams.plan import Scoring
    from streams.state import Browsing, Customer
    from streams.work import Work

PAGES_KEPT = 64
PAGES_KEPT_FOR = 72 * HOUR
INTERESTS = 3
_FORGOTTEN = 1e-9


def fold(work: Work, event: e.Event) -> None:
    """Put one clickstream event where it belongs."""
    browsing: Browsing = part(work.after, "browsing")
    at = int(event.occurred_at)
    match event:
        case e.PageView():
            _page(work, browsing, event)
            if is_blog(event.url):
                _contribution(work, browsing, at)
        case e.Comment() | e.Share():
            _contribution(work, browsing, at)
        case e.ProductView():
            _view(work, browsing, event)
        case e.Download():
            browsing.downloads = _newest(browsing.downloads, at, work.policy.roles.information_gatherer.count)
            work.after.is_engaged = True
        case e.FormSubmit():
            work.after.is_lead = work.after.is_engaged = True
        case e.AddToCart() | e.CheckoutStarted():
            _cart(work, browsing, event)
        case _:
            pass


def is_blog(url: str) -> bool:
    """Whether a URL's path is /blog or under it."""
    if "/blog" not in url:
        return False
    try:
        path = urlsplit(url).path
    except ValueError:
        return False
    return path == "/blog" or path.startswith("/blog/")


def _newest(instants: tuple[int, ...], at: int, limit: int) -> tuple[int, ...]:
    """The newest ``limit`` instants in order, with one more."""
    if len(instants) >= limit and at <= instants[0]:
        return instants
    merged = list(instants)
    insort(merged, at)
    return tuple(merged[-limit:])


def _contribution(work: Work, browsing: Browsing, at: int) -> None:
    browsing.contributions = _newest(browsing.contributions, at, work.policy.roles.champion.count)


def _page(work: Work, browsing: Browsing, event: e.PageView) -> None:
    pages = (*browsing.pages, (int(event.occurred_at), event.url))
    if len(pages) > 1 and pages[-2][0] > event.occurred_at:
        pages = tuple(sorted(pages, key=lambda page: page[0]))
    shown = work.policy.triggers.information_gap.pages
    if len(pages) > shown:
        horizon = work.now - max(PAGES_KEPT_FOR, work.policy.triggers.information_gap.within)
        stale = 0
        limit = max(PAGES_KEPT, shown)
        while len(pages) - stale > shown and (pages[stale][0] < horizon or len(pages) - stale > limit):
            stale += 1
        pages = pages[stale:]
    browsing.pages = pages


def _view(work: Work, browsing: Browsing, event: e.ProductView) -> None:
    settings = work.policy.triggers.product_interest
    horizon = work.now - settings.within
    views = {product: seen for product, seen in browsing.views.items() if seen[-1] > horizon}
    views[event.product_id] = _newest(views.get(event.product_id, ()), event.occurred_at, settings.count)
    browsing.views = views
    if event.category is not None:
        _interest(work, browsing, event.category, event)


def _interest(work: Work, browsing: Browsing, category: str, event: e.ProductView) -> None:
    half_life = work.plan.scoring.half_lives[e.ProductView.action]
    weight = weight_of(event, work.policy.score.points)
    at = int(event.occurred_at)
    ref, value = browsing.interests.get(category, (at, 0.0))
    if at >= ref:
        ref, value = at, value * 2.0 ** ((ref - at) / half_life) + weight
    else:
        value += weight * 2.0 ** ((at - ref) / half_life)
    kept = {
        name: known
        for name, known in browsing.interests.items()
        if abs(known[1]) * 2.0 ** ((known[0] - work.now) / half_life) > _FORGOTTEN
    }
    kept[category] = (ref, value)
    browsing.interests = kept


def _cart(work: Work, browsing: Browsing, event: e.AddToCart | e.CheckoutStarted) -> None:
    if isinstance(event, e.AddToCart):
        work.after.is_engaged = True
    else:
        work.after.checked_out = True
    at = int(event.occurred_at)
    if browsing.cart_at is not None and at < browsing.cart_at:
        return
    browsing.cart_at = at
    browsing.cart = (event.product_id, None if event.amount is None else format(event.amount, "f"))
    purchases = work.after.value.purchases
    if not purchases or purchases[-1] < at:
        work.set_timer("cart_abandoned", at + work.policy.triggers.cart_abandoned.after)


def interests(customer: Customer, now: int, plan: Scoring) -> list[dict[str, object]]:
    """The three categories with the most points now, from product views (CONTRACT 5, B28)."""
    half_life = plan.half_lives[e.ProductView.action]
    points = [
        (name, round6(value * 2.0 ** ((ref - now) / half_life)))
        for name, (ref, value) in customer.browsing.interests.items()
    ]
    points.sort(key=lambda pair: (-pair[1], pair[0]))
    return [{"category": name, "points": value} for name, value in points[:INTERESTS]]
