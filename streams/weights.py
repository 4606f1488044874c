"""What an event is worth: the table of CONTRACT 2, and the policy's figures over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas import events as e

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LONG_DWELL_SECONDS = 60

POINTS: dict[str, float] = {
    e.PageView.action: 1,
    e.ProductView.action: 2,
    e.Search.action: 2,
    e.Download.action: 8,
    e.FormSubmit.action: 10,
    e.Comment.action: 4,
    e.Share.action: 4,
    e.AddToCart.action: 6,
    e.CheckoutStarted.action: 8,
    e.MailOpened.action: 2,
    e.MailClicked.action: 5,
    e.MailUnsubscribed.action: -25,
    e.MailComplained.action: -40,
    e.TicketCustomerReplied.action: 1,
    e.TicketEscalated.action: -8,
    e.TicketReopened.action: -6,
    e.Ordered.action: 20,
    e.Renewed.action: 20,
    e.SubscriptionStarted.action: 25,
    e.Refunded.action: -10,
    e.Cancelled.action: -30,
}


def _page_view(event: e.PageView) -> float:
    return 2 if event.dwell_seconds is not None and event.dwell_seconds >= LONG_DWELL_SECONDS else 1


def _answer(event: e.TicketRated | e.CsatAnswered) -> float:
    return (event.score - 3) * 5


def _nps(event: e.NpsAnswered) -> float:
    return 10 if event.score >= 9 else 0 if event.score >= 7 else -10


_BY_CONTENT: dict[str, Callable[..., float]] = {
    e.PageView.action: _page_view,
    e.TicketRated.action: _answer,
    e.CsatAnswered.action: _answer,
    e.NpsAnswered.action: _nps,
}


def weight_of(event: e.Event, points: Mapping[str, float]) -> float:
    """Points of one event; ``points`` of the policy replace the table's row.

    A machine's open is worth nothing under any policy: it says nothing about the person.
    """
    if isinstance(event, e.MailOpened) and event.machine_open:
        return 0
    action = event.action
    if action in points:
        return points[action]
    by_content = _BY_CONTENT.get(action)
    return by_content(event) if by_content else POINTS.get(action, 0)
