"""The state of one customer stays small, however much is heard of it."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from schemas import events as e
from schemas.times import DAY
from streams.codec import encode
from streams.lane import Lane, Memory
from tests.property.histories import ANSWERS, MONEY, PROFILE, RULED, START, SUPPORT, WEB, Kind, event

YEARS = 2 * 365 * DAY
KIB = 1024


def any_kind(pick: Random, number: int) -> Kind:
    """Mostly browsing; each message, ticket, product and page has a name of its own."""
    kind, fields = pick.choices(
        [pick.choice(WEB), (e.MailSent, {}), (e.MailOpened, {}), pick.choice(SUPPORT), pick.choice(MONEY),
         pick.choice(ANSWERS), PROFILE[1]],
        [80, 4, 2, 5, 3, 1, 1],
    )[0]  # fmt: skip
    fields = dict(fields)
    for name, text in (("url", "/page/"), ("product_id", "p"), ("asset_id", "a")):
        if name in fields:
            fields[name] = f"{text}{number}"
    if issubclass(kind, e.MailEvent):
        fields["message_id"], fields["campaign_id"] = f"m{number - number % 3}", f"k{number // 500}"
    if issubclass(kind, e.TicketEvent):
        fields["ticket_id"] = f"t{number // 60}"
    if issubclass(kind, e.ProductView):
        fields["category"] = f"c{number % 300}"
    return kind, fields


def sizes(count: int, span: int, policy: str = "defaults", samples: int = 20) -> list[int]:
    """The encoded size (bytes) of a customer now and then, with so many events spread over ``span`` ms."""
    pick, store, found = Random(5), Memory(), []
    lane = Lane(store, RULED[policy])
    for number in range(count):
        at = START + span * number // count
        lane.feed(event(any_kind(pick, number), number, "ada", at))
        if (number + 1) % (count // samples) == 0:
            state = store.get("ada")
            assert state is not None
            found.append(len(encode(state)))
            lane.take()
    return found


@pytest.mark.timeout(180)
def test_a_hundred_thousand_events_over_two_years_leave_a_small_state(record_property: pytest.RecordProperty) -> None:
    found = sizes(100_000, YEARS)
    record_property("bytes", found[-1])
    print(f"\nencoded bytes over two years, 137 events a day: {found}")
    assert max(found) < 512 * KIB
    last_year = found[len(found) * 5 // 8 :]
    assert max(last_year) < 1.15 * min(last_year), "it still grows"


@pytest.mark.timeout(120)
def test_twenty_thousand_events_in_one_day_leave_little_beside_their_ids(
    record_property: pytest.RecordProperty,
) -> None:
    found = sizes(20_000, DAY, samples=4)
    record_property("bytes", found[-1])
    print(f"\nencoded bytes within one day of 20,000 events: {found}")
    ids = 20_000 * 16
    assert found[-1] < ids + 256 * KIB
    assert all(later - earlier < 256 * KIB for earlier, later in pairwise(found))


@pytest.mark.timeout(60)
def test_a_day_of_silence_lets_the_ids_of_a_busy_day_go() -> None:
    pick, store = Random(6), Memory()
    lane = Lane(store, RULED["defaults"])
    for number in range(5_000):
        lane.feed(event((e.Search, {"query": "q"}), number, "ada", START + number))
    busy = store.get("ada")
    lane.feed(event(any_kind(pick, 1), 5_001, "ada", START + 2 * DAY))
    rested = store.get("ada")
    assert busy is not None
    assert rested is not None
    assert len(encode(busy)) > 40_000
    assert len(encode(rested)) < 2_000
