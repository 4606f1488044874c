"""The typed events of the six input topics (CONTRACT 1).

Every event is frozen. Times are ``Instant`` (milliseconds), money is an exact ``Decimal``. ``topic`` and ``action``
(``topic.type``) are class attributes, so the core dispatches on the class and never on strings from the wire.
"""

from __future__ import annotations

from schemas.events.clickstream import (
    AddToCart,
    CheckoutStarted,
    Comment,
    Download,
    FormSubmit,
    PageView,
    ProductView,
    Search,
    Share,
)
from schemas.events.common import Amount, Channel, Currency, Event, Identifier, Priority, Scalar, Seconds, Whole
from schemas.events.email import (
    MailBounced,
    MailClicked,
    MailComplained,
    MailDelivered,
    MailEvent,
    MailOpened,
    MailSent,
    MailUnsubscribed,
)
from schemas.events.profiles import ProfileErased, ProfileUpdated
from schemas.events.purchases import Cancelled, Ordered, Purchase, PurchaseEvent, Refunded, Renewed, SubscriptionStarted
from schemas.events.support import (
    TicketAgentReplied,
    TicketAssigned,
    TicketClosed,
    TicketCreated,
    TicketCustomerReplied,
    TicketEscalated,
    TicketEvent,
    TicketRated,
    TicketReopened,
    TicketSolved,
)
from schemas.events.surveys import CsatAnswered, NpsAnswered, SurveyEvent

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

__all__ = [
    "EVENTS",
    "AddToCart",
    "Amount",
    "Cancelled",
    "Channel",
    "CheckoutStarted",
    "Comment",
    "CsatAnswered",
    "Currency",
    "Download",
    "Event",
    "FormSubmit",
    "Identifier",
    "MailBounced",
    "MailClicked",
    "MailComplained",
    "MailDelivered",
    "MailEvent",
    "MailOpened",
    "MailSent",
    "MailUnsubscribed",
    "NpsAnswered",
    "Ordered",
    "PageView",
    "Priority",
    "ProductView",
    "ProfileErased",
    "ProfileUpdated",
    "Purchase",
    "PurchaseEvent",
    "Refunded",
    "Renewed",
    "Scalar",
    "Search",
    "Seconds",
    "Share",
    "SubscriptionStarted",
    "SurveyEvent",
    "TicketAgentReplied",
    "TicketAssigned",
    "TicketClosed",
    "TicketCreated",
    "TicketCustomerReplied",
    "TicketEscalated",
    "TicketEvent",
    "TicketRated",
    "TicketReopened",
    "TicketSolved",
    "Whole",
]
