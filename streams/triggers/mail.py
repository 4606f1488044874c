"""Triggers from e-mail: too many messages, the same one twice, tired readers, and when to write again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas import events as e
from schemas.times import Instant
from streams import contact, mail
from streams.work import part

if TYPE_CHECKING:
    from streams.state import Customer
    from streams.work import Work


def _first_send(work: Work) -> e.MailSent | None:
    """The event, if it is the first ``sent`` of its message (CONTRACT B36)."""
    event = work.event
    if not isinstance(event, e.MailSent):
        return None
    known = work.before.mail.messages.get(event.message_id) if work.before is not None else None
    return event if known is None or known.sent_at is None else None


def over_contacted(work: Work) -> None:
    """A message went out that the contact allowance did not allow (CONTRACT B19)."""
    event = _first_send(work)
    if event is None or event.transactional or work.before is None:
        return
    at = int(event.occurred_at)
    reasons = [reason for reason in contact.reasons_at(work.before, at, work.policy) if reason != "fatigued"]
    if reasons:
        sends = [sent for sent in work.before.mail.sends if sent <= at]
        work.fire(
            "over_contacted",
            event.message_id,
            {
                "reasons": reasons,
                "content_id": event.content_id,
                "campaign_id": event.campaign_id,
                "last_sends": [Instant(sent) for sent in sends[-3:]],
            },
        )


def duplicate_message(work: Work) -> None:
    """The same creative went to the same customer twice, in any mail."""
    event = _first_send(work)
    if event is None or event.content_id is None or work.before is None:
        return
    at, within = event.occurred_at, work.policy.triggers.duplicate_message.within
    earlier = [
        (message.sent_at, name)
        for name, message in work.before.mail.messages.items()
        if message.content == event.content_id and message.sent_at is not None and at - within < message.sent_at <= at
    ]
    if earlier:
        sent_at, name = max(earlier)
        work.fire(
            "duplicate_message",
            event.message_id,
            {"content_id": event.content_id, "sent_before": Instant(sent_at), "message_before": name},
        )


def unsubscribed(work: Work) -> None:
    """The customer does not want mail any more; said once."""
    event, before = work.event, work.before
    if before is not None and (before.mail.unsubscribed or before.mail.complained):
        return
    if isinstance(event, e.MailUnsubscribed | e.MailComplained):
        kind = "complained" if isinstance(event, e.MailComplained) else "unsubscribed"
        work.fire("unsubscribed", None, {"by": kind, "message_id": event.message_id, "campaign_id": event.campaign_id})


def _never_clicks(customer: Customer | None, work: Work) -> bool:
    if customer is None or customer.mail.ever_clicked:
        return False
    return mail.as_counts(customer.mail)["opened"] >= work.policy.triggers.reader_never_clicks.opened


def reader_never_clicks(work: Work) -> None:
    """Many messages opened, none clicked."""
    if _never_clicks(work.after, work) and not _never_clicks(work.before, work):
        counts = mail.as_counts(work.after.mail)
        work.fire(
            "reader_never_clicks", None, {"opened": counts["opened"], "clicked": 0, "delivered": counts["delivered"]}
        )


def fatigued(work: Work, message_id: str) -> None:
    """A commercial message became old enough to judge, and the last ones are mostly unopened (CONTRACT B9)."""
    customer, settings = work.after, work.policy.fatigue
    message = customer.mail.messages.get(message_id)
    if message is None or not mail.commercial(message) or customer.mail.fatigued:
        return
    recent = mail.recent_commercial(customer.mail, work.now - settings.age, settings.messages)
    unread = sum(1 for one in recent if not (one.kinds | one.transactional_kinds) & (mail.OPENED | mail.CLICKED))
    if len(recent) >= settings.at_least and unread >= settings.unopened * len(recent) - 1e-9:
        part(customer, "mail").fatigued = True
        work.fire("fatigued", None, {"last_messages": len(recent), "unopened": unread})


def contact_due(work: Work, _about: str = "") -> None:
    """Contact is allowed again, and nothing was sent for long (CONTRACT B19)."""
    customer, policy = work.after, work.policy
    sends = customer.mail.sends
    if not sends or customer.mail.due_given == sends[-1]:
        work.clear_timer("contact_due")
        return
    last = sends[-1]
    due = last + policy.triggers.contact_due.after
    if contact.schedule_denies_until(customer.mail, last, policy) is None:
        work.clear_timer("contact_due")
        return
    at_send = isinstance(work.event, e.MailSent) and work.timer_due is None
    if work.now < due or at_send:
        work.set_timer("contact_due", due)
        return
    allowed = contact.allowance(customer, work.now, policy)
    if allowed.allowed:
        part(customer, "mail").due_given = last
        work.clear_timer("contact_due")
        work.fire("contact_due", None, {"last_message": Instant(last), "allowed_since": Instant(work.now)})
    elif allowed.next_allowed_at is not None:
        work.set_timer("contact_due", allowed.next_allowed_at)
    else:
        work.clear_timer("contact_due")


ON_EVENT = (
    (over_contacted, (e.MailSent,)),
    (duplicate_message, (e.MailSent,)),
    (unsubscribed, (e.MailUnsubscribed, e.MailComplained)),
    (reader_never_clicks, (e.MailEvent,)),
    (contact_due, (e.MailEvent, e.TicketEvent, e.ProfileUpdated)),
)
ON_TIMER = {"fatigued": fatigued, "contact_due": contact_due}
