"""Facts of campaigns: commercial messages sent, and the distinct customers who answered (CONTRACT 7).

A customer counts once for each campaign and kind of answer, overall and on each day; which they have given is kept with
the customer. The campaign is that of the message's ``sent``; before that is seen, that of the event. An unsubscribe
counts for the campaign of the message it came from. A response is direct or influenced as CONTRACT B22 has it, whether
or not its trigger is on; a customer can be both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas import events as e
from schemas.times import DAY
from streams import mail
from streams.figures.fact import Fact
from streams.triggers.campaigns import RESPONSES, responses

if TYPE_CHECKING:
    from streams.work import Work

ANSWERS = ("openers", "clickers", "unsubscribes", "direct", "influenced")
KEPT_FOR = 400
"""Days after which an answer is forgotten; one more after that would count again."""
_CAMPAIGNS_KEPT = 64
_BY_KIND: dict[type[e.MailEvent], str] = {
    e.MailOpened: "openers",
    e.MailClicked: "clickers",
    e.MailUnsubscribed: "unsubscribes",
}
_BITS = {kind: 1 << mail.KINDS.index(kind) for kind in _BY_KIND}


def facts(work: Work) -> list[Fact]:
    """The facts of a message's event, or of a response."""
    event = work.event
    if isinstance(event, e.MailEvent):
        return _of_message(work, event)
    if isinstance(event, RESPONSES) and work.after.mail.messages:
        found: list[Fact] = []
        for response in responses(work, event):
            found += _answer(work, response.campaign, response.kind, int(event.occurred_at) // DAY)
        return found
    return []


def _of_message(work: Work, event: e.MailEvent) -> list[Fact]:
    message = work.after.mail.messages[event.message_id]
    known = work.before.mail.messages.get(event.message_id) if work.before is not None else None
    counted = mail.counted(message)
    campaign = event.campaign_id if message.sent_at is None else message.campaign
    if campaign is None or not counted:
        return []
    day = int(event.occurred_at) // DAY
    if isinstance(event, e.MailSent):
        return [] if known is not None and known.sent_at is not None else _first_sent(work, campaign, counted, day)
    answer = _BY_KIND.get(type(event))
    if answer is None or (isinstance(event, e.MailOpened) and event.machine_open):
        return []
    return _answer(work, campaign, answer, day)


def _first_sent(work: Work, campaign: str, counted: int, day: int) -> list[Fact]:
    """The message counts as sent; answers that came before it count now, if they bore no campaign."""
    found = [Fact("sent", day, 1, (("campaign", campaign),))]
    for kind, answer in _BY_KIND.items():
        bit = 1 << ANSWERS.index(answer)
        given = work.after.campaigns.get(campaign, {})
        if counted & _BITS[kind] and not any(bits & bit for bits in given.values()):
            found += _answer(work, campaign, answer, day)
    return found


def _answer(work: Work, campaign: str, answer: str, day: int) -> list[Fact]:
    """Count an answer unless this customer has given it, that day and ever."""
    customer, bit = work.after, 1 << ANSWERS.index(answer)
    given = customer.campaigns.get(campaign, {})
    if given.get(day, 0) & bit:
        return []
    slices = (("campaign", campaign),)
    found = [Fact(answer, day, 1, slices)]
    if not any(bits & bit for bits in given.values()):
        found.append(Fact(answer, None, 1, slices))
    campaigns = {**customer.campaigns, campaign: {**given, day: given.get(day, 0) | bit}}
    if len(campaigns) > _CAMPAIGNS_KEPT:
        campaigns = _recent(campaigns, work.now // DAY - KEPT_FOR)
    customer.campaigns = campaigns
    return found


def _recent(campaigns: dict[str, dict[int, int]], since: int) -> dict[str, dict[int, int]]:
    recent = {name: {day: bits for day, bits in days.items() if day >= since} for name, days in campaigns.items()}
    return {name: days for name, days in recent.items() if days}
