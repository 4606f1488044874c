"""What is kept of a customer.

Every part is a value: a new version of it is made, the old one is never changed, so that a condition can be judged
"without and with" an event. Structs are array-like: a field may be appended with a default, never moved or removed.
All instants are milliseconds since 1970-01-01 UTC; all spans are milliseconds.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from schemas.events import Priority

LEVELS = ("low", "medium", "high")
STAGES = ("subscriber", "lead", "qualified", "opportunity", "customer", "repeat_customer")


class Day(msgspec.Struct, array_like=True, frozen=True):
    """Points of one action on one UTC day.

    ``capped`` and ``rest`` are worth what they say at ``ref``; ``earned`` is P of CONTRACT 2, undecayed.
    """

    ref: int
    capped: float = 0.0
    earned: float = 0.0
    rest: float = 0.0


class Account(msgspec.Struct, array_like=True, frozen=True):
    """Points of one action: days that can still change, and all before as one figure worth ``old`` at ``ref``."""

    ref: int = 0
    old: float = 0.0
    days: dict[int, Day] = {}


class Points(msgspec.Struct, array_like=True, frozen=True):
    """All points of a customer; totals and ``then`` are what the accounts add up to under the policy of ``mark``."""

    accounts: dict[str, Account] = {}
    mark: int = 0
    totals: dict[int, tuple[int, float]] = {}
    """Half-life -> (instant, points at that instant)."""
    then: tuple[int, float] | None = None
    """(day, raw at its end): what ``interest_surge`` compares with."""


class Ticket(msgspec.Struct, array_like=True):
    """One support ticket, kept until it was not touched for the policy's ``ticket_retention``."""

    touched: int
    created_at: int | None = None
    channel: str | None = None
    product: str | None = None
    priority: Priority = "normal"
    stage: str = "subscriber"
    replies: int = 0
    first_reply_at: int | None = None
    last_customer_reply_at: int | None = None
    assignees: tuple[str, ...] = ()
    escalations: int = 0
    reopens: int = 0
    solved: bool = False
    solved_at: int | None = None
    outcome: str | None = None
    """None, ``pending``, ``confirmed`` or ``missed``."""
    why: str | None = None
    """What broke first-contact resolution."""
    overdue: tuple[str, ...] = ()
    """The overdue rules that have fired."""
    log: tuple[tuple[int, str], ...] = ()
    """What moves the resolution clock: (instant, ``a`` agent, ``c`` customer, ``s`` solved, ``r`` reopened)."""
    solves: int = 0
    clock: tuple[int, int | None, bool, bool] = (0, None, False, False)
    """The resolution clock before ``log``: elapsed, read at, waiting, solved."""
    first_solved_at: int | None = None
    counted: tuple[tuple[str, int, int], ...] = ()
    """What was counted of it before its ``created`` came: (figure, day, amount)."""


class Support(msgspec.Struct, array_like=True):
    """Counters over all tickets of a customer; they outlive the tickets."""

    created: int = 0
    solved: int = 0
    escalated: int = 0
    reopened: int = 0
    fcr_confirmed: int = 0
    fcr_missed: int = 0


class Message(msgspec.Struct, array_like=True, frozen=True):
    """One e-mail message; ``kinds`` and ``transactional_kinds`` are bit sets over ``streams.mail.KINDS``."""

    touched: int
    sent_at: int | None = None
    transactional: bool | None = None
    content: str | None = None
    campaign: str | None = None
    kinds: int = 0
    transactional_kinds: int = 0
    clicked_at: int | None = None
    """The earliest click."""


class Mail(msgspec.Struct, array_like=True):
    """E-mail of a customer. ``sends`` are the commercial sends in order, ``anchor`` the episode's start before them."""

    messages: dict[str, Message] = {}
    counts: tuple[int, ...] = (0, 0, 0, 0, 0, 0, 0)
    sends: tuple[int, ...] = ()
    anchor: int | None = None
    ever_clicked: bool = False
    unsubscribed: bool = False
    complained: bool = False
    hard_bounced: bool = False
    fatigued: bool = False
    due_given: int | None = None
    """The commercial send for which ``contact_due`` has been decided."""


class Money(msgspec.Struct, array_like=True, frozen=True):
    """Purchases in one currency."""

    orders: int = 0
    bought: Decimal = Decimal(0)
    refunded: Decimal = Decimal(0)
    recurring: Decimal = Decimal(0)
    first: int | None = None
    last: int | None = None


class Value(msgspec.Struct, array_like=True):
    """What the customer bought. ``purchases`` are the latest purchase instants, any currency, in order."""

    money: dict[str, Money] = {}
    orders: int = 0
    purchases: tuple[int, ...] = ()
    first: int | None = None
    peak: int = 0
    """The highest multiple of the spend threshold reached."""
    tier: str | None = None
    overdue_said: int | None = None
    """The last purchase for which ``purchase_overdue`` has fired."""
    bought: dict[str, int] = {}
    """Latest purchase of each product viewed lately."""
    spent: tuple[tuple[int, Decimal], ...] = ()
    """Money in and out in the policy's currency, in order, while a customer definition asks for it."""


class Feedback(msgspec.Struct, array_like=True):
    """Satisfaction and recommendation answers."""

    answers: int = 0
    total: int = 0
    last: int | None = None
    last_at: int | None = None
    nps: int | None = None
    nps_at: int | None = None
    nps_answers: int = 0
    nps_total: int = 0
    heard_at: int | None = None
    """The latest answer of any kind."""


class Browsing(msgspec.Struct, array_like=True):
    """What was read, viewed and put into the cart lately; every list holds the newest, in order."""

    pages: tuple[tuple[int, str], ...] = ()
    views: dict[str, tuple[int, ...]] = {}
    contributions: tuple[int, ...] = ()
    """Comments, shares and blog pages: the newest that the role of champion asks for."""
    downloads: tuple[int, ...] = ()
    cart_at: int | None = None
    cart: tuple[str | None, str | None] = (None, None)
    """Product and amount last put into the cart."""
    interests: dict[str, tuple[int, float]] = {}
    """category -> (instant, points at that instant)"""


class Attribute(msgspec.Struct, array_like=True, frozen=True):
    """A profile attribute and when it was said."""

    value: str | int | float | bool
    at: int


class Customer(msgspec.Struct, array_like=True):
    """Everything kept of one customer."""

    customer_id: str
    first_seen: int
    last_seen: int
    now: int
    """The latest instant at which the customer was looked at; it never goes back."""
    erased_at: int | None = None
    last_activity: int | None = None
    quiet_level: str = "low"
    """Level after the last activity was applied (or after the first event when there is no activity)."""
    points: Points = Points()
    level: str = "low"
    emitted_score: int = 0
    emitted_level: str = "low"
    seen: dict[int, dict[bytes, int]] = {}
    """Event ids for duplicates: bucket start -> (topic and id -> ms after it)."""
    tickets: dict[str, Ticket] = {}
    support: Support = msgspec.field(default_factory=Support)
    mail: Mail = msgspec.field(default_factory=Mail)
    value: Value = msgspec.field(default_factory=Value)
    feedback: Feedback = msgspec.field(default_factory=Feedback)
    browsing: Browsing = msgspec.field(default_factory=Browsing)
    profile: dict[str, Attribute] = {}
    stage: str = "subscriber"
    is_lead: bool = False
    is_engaged: bool = False
    checked_out: bool = False
    role: str | None = None
    segments: tuple[str, ...] = ()
    campaigns: dict[str, dict[int, int]] = {}
    """campaign -> day -> bit set over ``streams.figures.campaigns.ANSWERS``: what was counted as answered."""
    history: bytes = b""
    """Scores at the ends of the last days before the day of ``now`` (``streams.history``)."""
    timers: dict[str, int] = {}
    """``rule`` US ``about`` -> due instant (``streams.timers``)."""
    cooldowns: dict[str, int] = {}
    """``rule`` US ``subject`` -> end of the cooldown."""
    rules: dict[str, dict[str, tuple[tuple[int, str], ...]]] = {}
    """Custom rules: name -> subject -> newest matching (instant, value)."""
    definitions: tuple[str, ...] = ()
    """Customer definitions of the policy that hold, as last judged."""
    counted: dict[int, dict[str, int | Decimal]] = {}
    """What was counted of the customer: day -> figure -> amount; it moves when the acquisition source does."""

    @property
    def next_due(self) -> int | None:
        """The earliest timer, or None."""
        return min(self.timers.values()) if self.timers else None


class Erased(msgspec.Struct, array_like=True, frozen=True):
    """All that is left of an erased customer: events not later than ``erased_at`` are dropped."""

    erased_at: int

    @property
    def next_due(self) -> int | None:
        """Nothing is pending."""
        return None
