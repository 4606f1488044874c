"""The trigger that tells which campaign a response answers (CONTRACT B22)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from schemas import events as e
from schemas.times import Instant
from streams.mail import last_of_campaigns

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.state import Message
    from streams.work import Work


RESPONSES = (e.FormSubmit, e.CheckoutStarted, e.Ordered)


class Response(NamedTuple):
    """What one event answers: the campaign, its last message to this customer, and why it is direct or influenced."""

    campaign: str
    message: Message
    clicked: bool
    named: bool

    @property
    def kind(self) -> str:
        """``direct`` or ``influenced``."""
        return "direct" if self.named or self.clicked else "influenced"


def responses(work: Work, event: e.Event) -> list[Response]:
    """The campaigns that an event answers."""
    at = int(event.occurred_at)
    within = work.policy.triggers.campaign_response.within
    return [
        Response(
            campaign,
            message,
            clicked=message.clicked_at is not None and message.clicked_at < at,
            named=event.campaign_id == campaign,
        )
        for campaign, message in last_of_campaigns(work.after.mail, at, within).items()
    ]


def campaign_response(work: Work) -> None:
    """A form, a checkout or an order soon after a campaign's message: direct or influenced."""
    event = work.event
    if event is None:
        return
    for response in responses(work, event):
        work.fire(
            "campaign_response",
            response.campaign,
            {
                "response": response.kind,
                "action": event.action,
                "message_sent": Instant(response.message.sent_at or 0),
                "message_clicked": response.clicked,
                "names_campaign": response.named,
            },
        )


ON_EVENT = ((campaign_response, RESPONSES),)
ON_TIMER: dict[str, Callable[[Work, str], None]] = {}
