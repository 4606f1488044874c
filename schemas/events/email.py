"""What becomes of messages: one ``message_id`` per message and recipient."""

from __future__ import annotations

from typing import Literal

from schemas.events.common import Event


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
