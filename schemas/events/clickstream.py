"""What people do on the site."""

from __future__ import annotations

from schemas.events.common import Amount, Event, Seconds, Whole


class PageView(Event, frozen=True, kw_only=True, tag="page_view"):
    """A page was read."""

    topic = "clickstream"
    action = "clickstream.page_view"
    url: str
    title: str | None = None
    referrer: str | None = None
    dwell_seconds: Seconds | None = None


class ProductView(Event, frozen=True, kw_only=True, tag="product_view"):
    """A product page was read."""

    topic = "clickstream"
    action = "clickstream.product_view"
    product_id: str
    category: str | None = None
    price: Amount | None = None


class Search(Event, frozen=True, kw_only=True, tag="search"):
    """A search on the site."""

    topic = "clickstream"
    action = "clickstream.search"
    query: str
    results: Whole | None = None


class Download(Event, frozen=True, kw_only=True, tag="download"):
    """An asset was downloaded."""

    topic = "clickstream"
    action = "clickstream.download"
    asset_id: str
    asset_kind: str | None = None


class FormSubmit(Event, frozen=True, kw_only=True, tag="form_submit"):
    """A form was sent."""

    topic = "clickstream"
    action = "clickstream.form_submit"
    form_id: str


class Comment(Event, frozen=True, kw_only=True, tag="comment"):
    """A comment was written."""

    topic = "clickstream"
    action = "clickstream.comment"
    url: str | None = None


class Share(Event, frozen=True, kw_only=True, tag="share"):
    """A page was shared."""

    topic = "clickstream"
    action = "clickstream.share"
    url: str | None = None


class AddToCart(Event, frozen=True, kw_only=True, tag="add_to_cart"):
    """Something was put into the cart."""

    topic = "clickstream"
    action = "clickstream.add_to_cart"
    product_id: str | None = None
    category: str | None = None
    amount: Amount | None = None


class CheckoutStarted(Event, frozen=True, kw_only=True, tag="checkout_started"):
    """A checkout was begun."""

    topic = "clickstream"
    action = "clickstream.checkout_started"
    product_id: str | None = None
    category: str | None = None
    amount: Amount | None = None
