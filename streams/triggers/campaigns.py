"""The trigger that tells which campaign a response answers (CONTRACT B22)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas import events as e
from schemas.times import Instant
from streams.mail import last_of_campaigns

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.work import Work


def campaign_response(work: Work) -> None:
    """A form, a checkout or an order soon after a campaign's message: direct or influenced."""
    event = work.event
    if event is None:
        return
    at = int(event.occurred_at)
    within = work.policy.triggers.campaign_response.within
    for campaign, message in last_of_campaigns(work.after.mail, at, within).items():
        clicked = message.clicked_at is not None and message.clicked_at <= at
        named = event.campaign_id == campaign
        work.fire(
            "campaign_response",
            campaign,
            {
                "response": "direct" if named or clicked else "influenced",
                "action": event.action,
                "message_sent": Instant(message.sent_at or 0),
                "message_clicked": clicked,
                "names_campaign": named,
            },
        )


ON_EVENT = ((campaign_response, (e.FormSubmit, e.CheckoutStarted, e.Ordered)),)
ON_TIMER: dict[str, Callable[[Work, str], None]] = {}
