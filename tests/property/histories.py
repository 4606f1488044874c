"""Histories of one to three customers over the six topics: on boundaries, late, doubled, erased."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st

from schemas import events as e
from schemas.policy import Policy, merge
from schemas.times import DAY, HOUR, MINUTE, Instant, parse_instant
from streams.codec import decode, encode
from streams.lane import Changes, Lane, Memory
from streams.outcome import Emission, State
from tests.oracle.policies import POLICIES

START = int(parse_instant("2026-03-02T00:00:00Z"))
FADING = {
    "version": "fading",
    "score": {
        "half_lives": {
            "purchases.ordered": "20d", "purchases.cancelled": "5h", "clickstream.download": "1d",
            "email.complained": "3h", "support-tickets.escalated": "40d",
        },
        "points": {"purchases.ordered": 60, "clickstream.download": 45, "email.sent": 12},
    },
}  # fmt: skip
FORGETFUL = {"version": "forgetful", "customer_retention": "14d", "ticket_retention": "3d"}
RULED: dict[str, Policy] = {name: merge(changes) for name, changes in {**POLICIES, "fading": FADING}.items()}
policies = st.sampled_from(sorted(RULED)).map(RULED.__getitem__)
any_policies = policies | st.just(merge(FORGETFUL))
"""Those, and one under which customers are forgotten: what is said of them then begins anew."""
CUSTOMERS = ("ada", "bo", "cy")

Kind = tuple[type[e.Event], dict[str, Any]]


def _of(kind: type[e.Event], *variants: dict[str, Any]) -> list[Kind]:
    return [(kind, fields) for fields in variants or ({},)]


def _mails(*kinds: type[e.Event]) -> list[Kind]:
    names = [{"message_id": f"m{n}", "content_id": f"x{n // 2}", "campaign_id": f"k{n % 2}"} for n in range(7)]
    return [(kind, {**fields, "transactional": n == 6}) for kind in kinds for n, fields in enumerate(names)]


WEB: list[Kind] = [
    *_of(e.PageView, {"url": "/pricing"}, {"url": "/blog/a", "dwell_seconds": 60.0}, {"url": "/b"}),
    *_of(e.ProductView, {"product_id": "p1", "category": "hats"}, {"product_id": "p2"}),
    *_of(e.Search, {"query": "x"}),
    *_of(e.Download, {"asset_id": "a"}),
    *_of(e.FormSubmit, {"form_id": "f"}, {"form_id": "f", "campaign_id": "k1"}),
    *_of(e.Comment),
    *_of(e.Share, {"url": "/s"}),
    *_of(e.AddToCart, {"product_id": "p1"}),
    *_of(e.CheckoutStarted, {"product_id": "p2"}),
]
MAIL = [
    *_mails(e.MailSent, e.MailOpened, e.MailClicked),
    *_of(e.MailOpened, {"message_id": "m1", "machine_open": True}),
    *_of(e.MailBounced, {"message_id": "m1"}, {"message_id": "m2", "bounce_kind": "soft"}),
    *_of(e.MailComplained, {"message_id": "m1"}),
    *_of(e.MailUnsubscribed, {"message_id": "m2"}),
]
TICKETS = ({"ticket_id": "t1"}, {"ticket_id": "t2"})
SUPPORT = [
    *_of(e.TicketCreated, {"ticket_id": "t1", "channel": "chat"}, {"ticket_id": "t2", "channel": "web"}),
    *_of(e.TicketCreated, {"ticket_id": "t3", "channel": "phone", "product": "app", "priority": "urgent"}),
    *_of(e.TicketAgentReplied, *TICKETS),
    *_of(e.TicketCustomerReplied, *TICKETS),
    *_of(e.TicketAssigned, {"ticket_id": "t1", "assignee": "ann"}, {"ticket_id": "t1", "assignee": "ben"}),
    *_of(e.TicketEscalated, *TICKETS),
    *_of(e.TicketSolved, *TICKETS, {"ticket_id": "t3"}),
    *_of(e.TicketClosed, *TICKETS),
    *_of(e.TicketReopened, *TICKETS),
    *_of(e.TicketRated, {"ticket_id": "t1", "score": 1}, {"ticket_id": "t2", "score": 5}),
]
MONEY = [
    *_of(e.Ordered, {"amount": 333}, {"amount": 1000, "product_id": "p1"}, {"amount": 5, "currency": "EUR"}),
    *_of(e.Renewed, {"amount": 500, "recurring": True}),
    *_of(e.SubscriptionStarted, {"amount": 20, "recurring": True}),
    *_of(e.Refunded, {"amount": 400}),
    *_of(e.Cancelled),
]
ANSWERS = [
    *_of(e.CsatAnswered, {"score": 1}, {"score": 5, "survey_id": "s"}),
    *_of(e.NpsAnswered, {"score": 0}, {"score": 8}, {"score": 10}),
]
PROFILE = [
    *_of(e.ProfileUpdated, {"attributes": {"job_title": "VP Sales"}}, {"attributes": {"marketing_consent": False}}),
    *_of(e.ProfileUpdated, {"attributes": {"country": "DE", "marketing_consent": True}}),
    *_of(
        e.ProfileUpdated, {"attributes": {"acquisition_source": "ads"}}, {"attributes": {"acquisition_source": "web"}}
    ),
]
ERASURE = _of(e.ProfileErased)
TOPICS = (WEB, MAIL, SUPPORT, MONEY, ANSWERS, PROFILE)

STEPS = (0, 0, 0, 1, 1000, 30 * MINUTE - 1, 30 * MINUTE, HOUR - 1, HOUR, 4 * HOUR, DAY - 1, DAY, DAY + 1, 3 * DAY,
         7 * DAY - 1, 7 * DAY, 7 * DAY + 1, 14 * DAY, 30 * DAY, 60 * DAY, 91 * DAY)  # fmt: skip
LATENESS = (0, 0, 0, 0, 1, HOUR, DAY, 3 * DAY, 3 * DAY + 1, 8 * DAY)


class Arrival(NamedTuple):
    """An event and the lane's now (ms) when it is handled."""

    event: e.Event
    now: int


History = list[Arrival]


def event(kind: Kind, number: int, customer: str, at: int) -> e.Event:
    """One event of a kind, its required fields filled in."""
    made, fields = kind
    if issubclass(made, e.PurchaseEvent):
        fields = {"order_id": f"o{number}", **fields}
    content = {"event_id": f"e{number}", "customer_id": customer, "occurred_at": Instant(at), **fields}
    return made(**content)


def kinds(erasures: bool = True) -> st.SearchStrategy[Kind]:
    """An event's kind: every topic as likely as another, an erasure rarely."""
    topics = [st.sampled_from(topic) for topic in TOPICS]
    return st.one_of(*topics, *topics, st.sampled_from([*PROFILE, *ERASURE])) if erasures else st.one_of(*topics)


@st.composite
def histories(
    draw: st.DrawFn, *, least: int = 1, most: int = 40, erasures: bool = True, doubles: bool = True
) -> History:
    """A history in the order of its arrival: ``now`` never goes back, and some events are late or come again."""
    moves = st.tuples(
        kinds(erasures), st.sampled_from(STEPS), st.sampled_from(LATENESS), st.sampled_from(CUSTOMERS),
        st.integers(0, 9) if doubles else st.just(0),
    )  # fmt: skip
    now, history = START, []
    for number, (kind, step, late, customer, again) in enumerate(draw(st.lists(moves, min_size=least, max_size=most))):
        now += step
        if again == 9 and history:
            history.append(Arrival(history[len(history) // 2].event, now))
        history.append(Arrival(event(kind, number, customer, now - late), now))
    return history


def run(
    history: History,
    policy: Policy,
    *,
    end: int | None = None,
    store: Memory | None = None,
    between: Callable[[Lane, int], None] | None = None,
) -> tuple[Changes, Memory]:
    """What comes out of one lane, and its customers; ``between`` may let time pass before each event."""  # fmt: skip
    store = Memory() if store is None else store
    lane = Lane(store, policy)
    for arrival in history:
        if between is not None:
            between(lane, arrival.now)
        lane.feed(arrival.event, arrival.now)
    if end is not None:
        if between is not None:
            between(lane, end)
        lane.advance(end)
    return lane.take(), store


def ending(history: History, spare: int = 200 * DAY) -> int:
    """An instant well after everything."""
    return max(arrival.now for arrival in history) + spare


def written(store: Memory) -> dict[str, bytes]:
    """The customers as bytes."""
    return {name: encode(state) for name, state in sorted(store.items()) if state is not None}


class Recoded(Memory):
    """A store that keeps bytes only, as a changelog does."""

    def put(self, customer_id: str, state: State) -> None:
        """Keep what encoding and decoding leave."""
        super().put(customer_id, None if state is None else decode(encode(state)))


class Watched(Memory):
    """A store that fails when a state that was handed out has been changed by the time another replaces it."""

    def __init__(self) -> None:
        super().__init__()
        self.handed: dict[str, tuple[State, bytes]] = {}

    def put(self, customer_id: str, state: State) -> None:
        """Compare the state that is replaced with what it was when it was put."""
        self.check(customer_id)
        super().put(customer_id, state)
        if state is not None:
            self.handed[customer_id] = (state, encode(state))

    def check(self, customer_id: str) -> None:
        """The state last put is as it was."""
        if customer_id in self.handed:
            state, before = self.handed[customer_id]
            assert state is not None
            assert encode(state) == before


def by_customer(emissions: list[Emission]) -> dict[str, list[Emission]]:
    """What was said of each customer, in order."""
    said: dict[str, list[Emission]] = {}
    for emission in emissions:
        said.setdefault(emission.customer_id, []).append(emission)
    return said
