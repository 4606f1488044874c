"""E-mail: what became of each message, and the counters (CONTRACT 4, B17, B36).

A message is commercial unless its ``sent`` says transactional; before that is seen, each event speaks for itself. So
each message keeps which kinds of event it has had in each of the two characters, and the counters follow.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING

from schemas import events as e
from schemas.times import DAY
from streams.state import Mail, Message
from streams.work import part

if TYPE_CHECKING:
    from streams.work import Work

KINDS: tuple[type[e.MailEvent], ...] = (
    e.MailSent, e.MailDelivered, e.MailOpened, e.MailClicked, e.MailBounced, e.MailComplained, e.MailUnsubscribed,
)  # fmt: skip
NAMES = ("sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed")
_BIT = {kind: 1 << number for number, kind in enumerate(KINDS)}
SENT, OPENED, CLICKED = _BIT[e.MailSent], _BIT[e.MailOpened], _BIT[e.MailClicked]
KEPT_FOR = 400 * DAY
"""A message is forgotten when nothing was heard of it for so long; its counters stay."""


def commercial(message: Message) -> bool:
    """Whether its ``sent`` was seen and is commercial."""
    return message.sent_at is not None and not message.transactional


def counted(message: Message) -> int:
    """The kinds of event with which a message counts as commercial."""
    if message.sent_at is None:
        return message.kinds
    return 0 if message.transactional else message.kinds | message.transactional_kinds


def fold(work: Work, event: e.MailEvent) -> None:
    """Put one e-mail event where it belongs."""
    mail: Mail = part(work.after, "mail")
    old = mail.messages.get(event.message_id)
    new = _with(old or Message(touched=work.now), event, work.now)
    messages = {**mail.messages, event.message_id: new}
    if len(messages) > 64:
        messages = {name: message for name, message in messages.items() if work.now - message.touched < KEPT_FOR}
    mail.messages = messages
    _count(mail, counted(old) if old else 0, counted(new))
    if isinstance(event, e.MailSent):
        if (old is None or old.sent_at is None) and commercial(new):
            _send(work, mail, event)
    elif isinstance(event, e.MailBounced):
        mail.hard_bounced = mail.hard_bounced or event.bounce_kind != "soft"
    elif isinstance(event, e.MailComplained):
        mail.complained = True
    elif isinstance(event, e.MailUnsubscribed):
        mail.unsubscribed = True
    elif isinstance(event, e.MailClicked):
        mail.ever_clicked = True
    if by_person(event) and counted(new):
        mail.fatigued = False


def by_person(event: e.Event) -> bool:
    """Whether the event is a person's open, or a click."""
    return isinstance(event, e.MailClicked) or (isinstance(event, e.MailOpened) and not event.machine_open)


def _with(message: Message, event: e.MailEvent, now: int) -> Message:
    bit = _BIT[type(event)]
    if isinstance(event, e.MailOpened) and event.machine_open:
        bit = 0
    kinds, transactional_kinds = message.kinds, message.transactional_kinds
    if event.transactional:
        transactional_kinds |= bit
    else:
        kinds |= bit
    sent_at, transactional, content, campaign = (
        message.sent_at, message.transactional, message.content, message.campaign,
    )  # fmt: skip
    if isinstance(event, e.MailSent) and sent_at is None:
        sent_at, transactional = int(event.occurred_at), bool(event.transactional)
        content, campaign = event.content_id, event.campaign_id
    clicked_at = message.clicked_at
    if isinstance(event, e.MailClicked):
        clicked_at = event.occurred_at if clicked_at is None else min(clicked_at, event.occurred_at)
    return Message(now, sent_at, transactional, content, campaign, kinds, transactional_kinds, clicked_at)


def _count(mail: Mail, before: int, after: int) -> None:
    if before == after:
        return
    mail.counts = tuple(
        count + bool(after & 1 << number) - bool(before & 1 << number) for number, count in enumerate(mail.counts)
    )


def _send(work: Work, mail: Mail, event: e.MailSent) -> None:
    at = int(event.occurred_at)
    sends = list(mail.sends)
    insort(sends, at)
    gap = work.policy.contact.gap
    cut = bisect_left(sends, work.now - work.plan.sends_kept_for)
    if cut:
        mail.anchor = episode_start(sends, sends[cut], gap, mail.anchor) if cut < len(sends) else None
        sends = sends[cut:]
    mail.sends = tuple(sends)
    work.set_timer("fatigued", at + work.policy.fatigue.age, event.message_id)


def episode_start(sends: list[int] | tuple[int, ...], at: int, gap: int, anchor: int | None) -> int | None:
    """The send that began the schedule in force at ``at``: the latest with no other in the ``gap`` before it (B8).

    ``anchor`` is the start of the episode that was running before the sends still known.
    """
    start = anchor
    previous: int | None = None
    for sent in sends:
        if sent > at:
            break
        if previous is None:
            start = sent if anchor is None else anchor
        elif sent - previous >= gap:
            start = sent
        previous = sent
    return start


def recent_commercial(mail: Mail, before: int, limit: int) -> list[Message]:
    """The last ``limit`` commercial messages sent at or before an instant, newest first."""
    known = [message for message in mail.messages.values() if commercial(message) and message.sent_at <= before]  # type: ignore[operator]
    known.reverse()
    known.sort(key=lambda message: message.sent_at or 0, reverse=True)
    return known[:limit]


def last_of_campaigns(mail: Mail, at: int, within: int) -> dict[str, Message]:
    """For each campaign its last commercial message sent within ``within`` before ``at``."""
    latest: dict[str, Message] = {}
    for message in mail.messages.values():
        campaign, sent_at = message.campaign, message.sent_at
        if campaign is None or sent_at is None or message.transactional or not at - within < sent_at <= at:
            continue
        known = latest.get(campaign)
        if known is None or known.sent_at is None or sent_at >= known.sent_at:
            latest[campaign] = message
    return latest


def as_counts(mail: Mail) -> dict[str, int]:
    """The counters by name."""
    return dict(zip(NAMES, mail.counts, strict=True))
