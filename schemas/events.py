"""The typed events of the six input topics (CONTRACT 1).

Every event is frozen. Times are ``Instant`` (milliseconds), money is an exact ``Decimal``. ``topic`` and ``action``
(``topic.type``) are class attributes, so the core dispatches on the class and never on strings from the wire.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar, Literal, TypeAlias

import msgspec
from msgspec import Meta

from schemas.times import Instant

Identifier: TypeAlias = Annotated[str, Meta(min_length=1, max_length=128)]
Amount: TypeAlias = Annotated[Decimal, Meta(description="An exact decimal, 0 or more, as a string or a number")]
Seconds: TypeAlias = Annotated[float, Meta(ge=0)]
Currency: TypeAlias = Annotated[str, Meta(pattern="^[A-Z]{3}$", min_length=3, max_length=3, description="ISO 4217")]
Whole: TypeAlias = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Scalar: TypeAlias = str | Whole | float | bool | None
Channel: TypeAlias = Literal["email", "chat", "phone", "web", "social"]
Priority: TypeAlias = Literal["low", "normal", "high", "urgent"]


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What every event carries."""

    topic: ClassVar[str] = ""
    action: ClassVar[str] = ""

    event_id: Identifier
    customer_id: Identifier
    occurred_at: Instant
    campaign_id: str | None = None
    source: str | None = None
    session_id: str | None = None


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


class MailEvent(Event, frozen=True, kw_only=True):
    """What every e-mail event carries: one ``message_id`` per message and recipient."""

    topic = "email"
    message_id: str
    content_id: str | None = None
    transactional: bool | None = None


class MailSent(MailEvent, frozen=True, kw_only=True, tag="sent"):
    """A message was sent."""

    action = "email.sent"


class MailDelivered(MailEvent, frozen=True, kw_only=True, tag="delivered"):
    """A message was delivered."""

    action = "email.delivered"


class MailOpened(MailEvent, frozen=True, kw_only=True, tag="opened"):
    """A message was opened, by a person or by a machine."""

    action = "email.opened"
    machine_open: bool | None = None


class MailClicked(MailEvent, frozen=True, kw_only=True, tag="clicked"):
    """A link in a message was clicked."""

    action = "email.clicked"
    link_url: str | None = None


class MailBounced(MailEvent, frozen=True, kw_only=True, tag="bounced"):
    """A message bounced; without ``bounce_kind`` it is hard."""

    action = "email.bounced"
    bounce_kind: Literal["hard", "soft"] | None = None


class MailComplained(MailEvent, frozen=True, kw_only=True, tag="complained"):
    """A message was reported as spam."""

    action = "email.complained"


class MailUnsubscribed(MailEvent, frozen=True, kw_only=True, tag="unsubscribed"):
    """The reader unsubscribed."""

    action = "email.unsubscribed"


class TicketEvent(Event, frozen=True, kw_only=True):
    """What every support event carries."""

    topic = "support-tickets"
    ticket_id: str


class TicketCreated(TicketEvent, frozen=True, kw_only=True, tag="created"):
    """A ticket was opened; without ``priority`` it is normal."""

    action = "support-tickets.created"
    channel: Channel
    product: str | None = None
    priority: Priority | None = None
    subject: str | None = None


class TicketAgentReplied(TicketEvent, frozen=True, kw_only=True, tag="agent_replied"):
    """An agent answered."""

    action = "support-tickets.agent_replied"


class TicketCustomerReplied(TicketEvent, frozen=True, kw_only=True, tag="customer_replied"):
    """The customer answered."""

    action = "support-tickets.customer_replied"


class TicketAssigned(TicketEvent, frozen=True, kw_only=True, tag="assigned"):
    """An assignee took the ticket."""

    action = "support-tickets.assigned"
    assignee: str | None = None


class TicketEscalated(TicketEvent, frozen=True, kw_only=True, tag="escalated"):
    """The ticket went up a tier."""

    action = "support-tickets.escalated"
    tier: str | Whole | None = None


class TicketSolved(TicketEvent, frozen=True, kw_only=True, tag="solved"):
    """The ticket was solved."""

    action = "support-tickets.solved"


class TicketReopened(TicketEvent, frozen=True, kw_only=True, tag="reopened"):
    """The ticket was opened again."""

    action = "support-tickets.reopened"


class TicketClosed(TicketEvent, frozen=True, kw_only=True, tag="closed"):
    """The ticket was closed; on a ticket not yet solved this solves it."""

    action = "support-tickets.closed"


class TicketRated(TicketEvent, frozen=True, kw_only=True, tag="rated"):
    """The customer rated the ticket, 1 to 5."""

    action = "support-tickets.rated"
    score: Annotated[int, Meta(ge=1, le=5)]


class PurchaseEvent(Event, frozen=True, kw_only=True):
    """What every purchase event carries; without ``currency`` it is USD."""

    topic = "purchases"
    order_id: str
    currency: Currency | None = None
    product_id: str | None = None
    category: str | None = None
    recurring: bool | None = None


class Ordered(PurchaseEvent, frozen=True, kw_only=True, tag="ordered"):
    """An order."""

    action = "purchases.ordered"
    amount: Amount


class Renewed(PurchaseEvent, frozen=True, kw_only=True, tag="renewed"):
    """A renewal."""

    action = "purchases.renewed"
    amount: Amount


class SubscriptionStarted(PurchaseEvent, frozen=True, kw_only=True, tag="subscription_started"):
    """A subscription began."""

    action = "purchases.subscription_started"
    amount: Amount


class Refunded(PurchaseEvent, frozen=True, kw_only=True, tag="refunded"):
    """Money went back."""

    action = "purchases.refunded"
    amount: Amount


class Cancelled(PurchaseEvent, frozen=True, kw_only=True, tag="cancelled"):
    """An order or a subscription was cancelled."""

    action = "purchases.cancelled"
    amount: Amount | None = None


class SurveyEvent(Event, frozen=True, kw_only=True):
    """What every survey answer carries."""

    topic = "surveys"
    survey_id: str | None = None
    comment: str | None = None
    product: str | None = None


class CsatAnswered(SurveyEvent, frozen=True, kw_only=True, tag="csat"):
    """A satisfaction answer, 1 to 5."""

    action = "surveys.csat"
    score: Annotated[int, Meta(ge=1, le=5)]


class NpsAnswered(SurveyEvent, frozen=True, kw_only=True, tag="nps"):
    """A recommendation answer, 0 to 10."""

    action = "surveys.nps"
    score: Annotated[int, Meta(ge=0, le=10)]


class ProfileUpdated(Event, frozen=True, kw_only=True, tag="updated"):
    """Attributes of the customer, merged over those known."""

    topic = "profiles"
    action = "profiles.updated"
    attributes: dict[str, Scalar]


class ProfileErased(Event, frozen=True, kw_only=True, tag="erased"):
    """The customer is to be forgotten (CONTRACT 9)."""

    topic = "profiles"
    action = "profiles.erased"


Purchase: TypeAlias = Ordered | Renewed | SubscriptionStarted

EVENTS: dict[str, tuple[type[Event], ...]] = {
    "clickstream": (
        PageView, ProductView, Search, Download, FormSubmit, Comment, Share, AddToCart, CheckoutStarted,
    ),
    "email": (
        MailSent, MailDelivered, MailOpened, MailClicked, MailBounced, MailComplained, MailUnsubscribed,
    ),
    "support-tickets": (
        TicketCreated, TicketAgentReplied, TicketCustomerReplied, TicketAssigned, TicketEscalated, TicketSolved,
        TicketReopened, TicketClosed, TicketRated,
    ),
    "purchases": (Ordered, Renewed, SubscriptionStarted, Refunded, Cancelled),
    "surveys": (CsatAnswered, NpsAnswered),
    "profiles": (ProfileUpdated, ProfileErased),
}  # fmt: skip
"""The event types of each input topic, in the order of the contract's table: the single source of both."""
