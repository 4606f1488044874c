"""Who the customers are: personas, what each is likely to do, and what the simulation remembers of a customer."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from typing import Final, NamedTuple

from agents.simulate.dice import Dice
from schemas.times import DAY


class Persona(NamedTuple):
    """A kind of customer: its share of all, how likely each plan is, and how it takes to mail and service."""

    name: str
    share: float
    plans: tuple[float, ...]
    opens: float
    clicks: float
    satisfied: float


PLANS: Final = ("visit", "read", "shop", "ticket", "survey", "mail", "account")
"""What a customer can be about to do, in the order of ``Persona.plans``."""
PERSONAS: Final = (
    Persona("browser", 0.36, (0.46, 0.10, 0.22, 0.03, 0.010, 0.175, 0.005), 0.45, 0.20, 0.75),
    Persona("buyer", 0.14, (0.14, 0.04, 0.56, 0.05, 0.030, 0.175, 0.005), 0.60, 0.30, 0.85),
    Persona("reader", 0.18, (0.10, 0.56, 0.10, 0.03, 0.025, 0.180, 0.005), 0.90, 0.02, 0.80),
    Persona("complainer", 0.08, (0.22, 0.02, 0.18, 0.33, 0.080, 0.160, 0.010), 0.30, 0.08, 0.15),
    Persona("silent", 0.24, (0.10, 0.01, 0.02, 0.01, 0.005, 0.850, 0.005), 0.05, 0.05, 0.60),
)
CARELESS: Final = 0.08
"""How often the sender overlooks the contact schedule after a message, or a customer's missing consent."""
PRODUCTS: Final = tuple(
    (f"p{number:03}", ("audio", "video", "books", "games", "tools")[number % 5]) for number in range(60)
)


class Person:
    """What the simulation remembers of one customer (times in ms)."""

    __slots__ = (
        "consent", "customer_id", "favourite", "known", "lost_at", "mail_count", "mail_last", "mail_next", "mail_start",
        "persona", "pestered",
    )  # fmt: skip

    def __init__(self, customer_id: str, persona: Persona, dice: Dice, start: int, end: int) -> None:
        """A customer who has not done anything yet; every sixth is lost at some time before the end."""
        self.customer_id = customer_id
        self.persona = persona
        self.favourite = dice.whole(0, len(PRODUCTS) - 1)
        self.lost_at = start + dice.random() * (end - start) if dice.chance(0.16) else float(end)
        self.consent = dice.chance(0.85)
        self.pestered = dice.chance(CARELESS)
        self.known = False
        self.mail_start = self.mail_next = 0
        self.mail_last = start - 61 * DAY
        self.mail_count = 0

    def product(self, dice: Dice) -> tuple[str, str]:
        """A product and its category: half the time the favourite."""
        return PRODUCTS[self.favourite] if dice.chance(0.5) else dice.pick(PRODUCTS)


class Crowd:
    """All customers: who acts next follows the Zipf law of the settings, and a customer is made when first met."""

    def __init__(self, customers: int, zipf: float, dice: Dice, start: int, end: int) -> None:
        """``customers`` of whom the first is the liveliest."""
        self._people: list[Person | None] = [None] * customers
        self._weights = list(itertools.accumulate((rank + 1) ** -zipf for rank in range(customers)))
        self._shares = list(itertools.accumulate(persona.share for persona in PERSONAS))
        self._dice, self._start, self._end = dice, start, end
        self._newcomer, self.unmet = 0, customers

    def next(self) -> Person:
        """Who acts next."""
        drawn = self._dice.random() * self._weights[-1]
        return self._person(min(bisect_right(self._weights, drawn), len(self._people) - 1))

    def newcomer(self) -> Person | None:
        """The first customer who was not met yet; None when all were."""
        while self._newcomer < len(self._people):
            if self._people[self._newcomer] is None:
                return self._person(self._newcomer)
            self._newcomer += 1
        return None

    def _person(self, index: int) -> Person:
        person = self._people[index]
        if person is None:
            kind = bisect_right(self._shares, self._dice.random() * self._shares[-1])
            persona = PERSONAS[min(kind, len(PERSONAS) - 1)]
            person = self._people[index] = Person(f"c{index:06}", persona, self._dice, self._start, self._end)
            self.unmet -= 1
        return person


_CHOICES = {persona.name: list(itertools.accumulate(persona.plans)) for persona in PERSONAS}


def plan(person: Person, at: float, dice: Dice) -> str | None:
    """What a person does next, as the persona has it; None for nothing.

    Who is lost only gets mail. Mail waits for its time and for consent.
    """
    choices = _CHOICES[person.persona.name]
    drawn = PLANS[min(bisect_right(choices, dice.random() * choices[-1]), len(PLANS) - 1)]
    if drawn == "mail":
        return drawn if at >= person.mail_next and (person.consent or person.pestered) else None
    return drawn if at < person.lost_at else None
