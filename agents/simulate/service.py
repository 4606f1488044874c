"""What customers ask and answer: support tickets and surveys."""

from __future__ import annotations

from typing import Any

from agents.simulate.dice import Dice
from agents.simulate.people import Person
from agents.simulate.web import Step
from schemas.times import DAY, HOUR, MINUTE

CHANNELS = ("email", "email", "chat", "phone", "web", "social")
PRIORITIES = ("low", "normal", "normal", "normal", "high", "urgent")
AGENTS = tuple(f"agent-{number}" for number in range(12))
HELP = ("/help", "/help/orders", "/help/returns", "/help/account")
TOPIC = "support-tickets"


def ticket(person: Person, at: float, dice: Dice) -> list[Step]:
    """A ticket from its creation to its end, often after a look at the help pages."""
    steps: list[Step] = []
    if dice.chance(0.5):
        for _ in range(dice.whole(1, 3)):
            steps.append((at, "clickstream", {"type": "page_view", "url": dice.pick(HELP)}))
            at += MINUTE + dice.wait(3 * MINUTE)
    number = {"ticket_id": dice.name("t")}
    product, _ = person.product(dice)
    created = {
        "type": "created", **number, "channel": dice.pick(CHANNELS), "product": product,
        "priority": dice.pick(PRIORITIES), "subject": dice.pick(("a question", "a problem", "a complaint")),
    }  # fmt: skip
    steps.append((at, TOPIC, created))
    at += dice.wait(20 * MINUTE)
    steps.append((at, TOPIC, {"type": "assigned", **number, "assignee": dice.pick(AGENTS)}))
    happy = dice.chance(person.persona.satisfied)
    for turn in range(dice.whole(0, 1) if happy else dice.whole(1, 3)):
        at += dice.wait(3 * HOUR)
        steps.append((at, TOPIC, {"type": "agent_replied", **number}))
        if turn or not happy:
            at += dice.wait(8 * HOUR)
            steps.append((at, TOPIC, {"type": "customer_replied", **number}))
    if dice.chance(0.05 if happy else 0.3):
        at += dice.wait(2 * HOUR)
        steps.append((at, TOPIC, {"type": "escalated", **number, "tier": 2}))
        steps.append((at + MINUTE, TOPIC, {"type": "assigned", **number, "assignee": dice.pick(AGENTS)}))
    return steps + _ending(at + MINUTE + dice.wait(6 * HOUR), number, happy, dice)


def survey(person: Person, at: float, dice: Dice) -> list[Step]:
    """One answer: half about satisfaction, half about recommending."""
    happy = dice.chance(person.persona.satisfied)
    fields: dict[str, Any] = {"survey_id": dice.name("q")}
    if dice.chance(0.5):
        fields |= {"type": "csat", "score": dice.whole(4, 5) if happy else dice.whole(1, 3)}
    else:
        fields |= {"type": "nps", "score": dice.whole(8, 10) if happy else dice.whole(0, 7)}
    return [(at, "surveys", fields)]


def _ending(at: float, number: dict[str, str], happy: bool, dice: Dice) -> list[Step]:
    steps: list[Step] = [(at, TOPIC, {"type": "solved", **number})]
    if dice.chance(0.3):
        score = dice.whole(4, 5) if happy else dice.whole(1, 3)
        steps.append((at + dice.wait(HOUR), TOPIC, {"type": "rated", **number, "score": score}))
    if dice.chance(0.04 if happy else 0.2):
        at += HOUR + dice.wait(2 * DAY)
        steps.append((at, TOPIC, {"type": "reopened", **number}))
        at += dice.wait(8 * HOUR)
        steps.append((at, TOPIC, {"type": "agent_replied", **number}))
        at += dice.wait(8 * HOUR)
        steps.append((at, TOPIC, {"type": "solved", **number}))
    if dice.chance(0.8):
        steps.append((at + 8 * DAY, TOPIC, {"type": "closed", **number}))
    return steps
