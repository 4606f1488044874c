"""What customers are sent and what they say about themselves: campaigns and profiles."""

from __future__ import annotations

from typing import Any

from agents.simulate.dice import Dice
from agents.simulate.people import CARELESS, Person
from agents.simulate.web import Step, order, visit
from schemas.times import DAY, HOUR, MINUTE, SECOND

TITLES = ("Engineer", "Head of Sales", "CEO", "Founder", "Student", "Office Manager", "VP Marketing", "Teacher", None)
COUNTRIES = (("DE", "Europe", "Europe/Berlin"), ("US", "America", "America/New_York"), ("IN", "Asia", "Asia/Kolkata"))
SOURCES = ("search", "ads", "referral", "event", "partner")


def mail(person: Person, at: float, dice: Dice) -> list[Step]:
    """A campaign's message and what becomes of it."""
    _schedule(person, int(at), dice)
    campaign = f"campaign-{int(at // (7 * DAY))}"
    message: dict[str, Any] = {
        "message_id": dice.name("m"), "content_id": f"{campaign}-{dice.pick(('a', 'b'))}", "campaign_id": campaign,
    }  # fmt: skip
    steps: list[Step] = [(at, "email", {"type": "sent", **message})]
    at += SECOND + dice.wait(20 * SECOND)
    if dice.chance(0.02):
        hard = dice.chance(0.3)
        person.consent = person.consent and not hard
        return [*steps, (at, "email", {"type": "bounced", **message, "bounce_kind": "hard" if hard else "soft"})]
    steps.append((at, "email", {"type": "delivered", **message}))
    if dice.chance(0.1):
        steps.append((at + MINUTE, "email", {"type": "opened", **message, "machine_open": True}))
    if at < person.lost_at and dice.chance(person.persona.opens):
        steps += _opened(person, at + dice.wait(6 * HOUR), message, dice)
    return steps


def account(person: Person, at: float, dice: Dice) -> list[Step]:
    """A customer changes the profile, mostly the consent; a few ask to be forgotten."""
    if dice.chance(0.05):
        person.known = False
        return [(at, "profiles", {"type": "erased"})]
    person.consent = dice.chance(0.85)
    return [(at, "profiles", {"type": "updated", "attributes": {"marketing_consent": person.consent}})]


def introduce(person: Person, at: float, dice: Dice) -> list[Step]:
    """The profile with which a customer begins."""
    country, region, timezone = dice.pick(COUNTRIES)
    attributes = {
        "job_title": dice.pick(TITLES), "company_size": dice.whole(1, 5000), "country": country, "region": region,
        "timezone": timezone, "lifecycle_stage": "new", "acquisition_source": dice.pick(SOURCES),
        "marketing_consent": person.consent,
    }  # fmt: skip
    person.known = True
    return [(at, "profiles", {"type": "updated", "attributes": attributes})]


def _opened(person: Person, at: float, message: dict[str, Any], dice: Dice) -> list[Step]:
    steps: list[Step] = [(at, "email", {"type": "opened", **message})]
    if dice.chance(0.03):
        person.consent = False
        kind = "complained" if dice.chance(0.2) else "unsubscribed"
        return [*steps, (at + MINUTE, "email", {"type": kind, **message})]
    if dice.chance(person.persona.clicks):
        at += 5 * SECOND + dice.wait(MINUTE)
        steps.append((at, "email", {"type": "clicked", **message, "link_url": "https://shop.example/offer"}))
        steps += visit(person, at + 2 * SECOND, dice)
        if dice.chance(0.2):
            product, category = person.product(dice)
            campaign = message["campaign_id"] if dice.chance(0.5) else None
            steps += order(at + dice.wait(DAY), product, category, "49.90", dice, campaign)
    return steps


def _schedule(person: Person, at: int, dice: Dice) -> None:
    """Three messages in the first week, one a week to the fourth, then one a month; 60 days of silence start anew.

    A careless sender writes again the next day.
    """
    if at - person.mail_last >= 60 * DAY:
        person.mail_start, person.mail_count = at, 0
    person.mail_last = at
    person.mail_count += 1
    age = at - person.mail_start
    if dice.chance(CARELESS):
        person.mail_next = at + DAY
    elif age < 7 * DAY:
        person.mail_next = at + 2 * DAY if person.mail_count < 3 else person.mail_start + 7 * DAY
    elif age < 28 * DAY:
        person.mail_next = person.mail_start + (age // (7 * DAY) + 1) * 7 * DAY
    else:
        person.mail_next = person.mail_start + 28 * DAY + ((age - 28 * DAY) // (30 * DAY) + 1) * 30 * DAY
