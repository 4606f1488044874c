"""Snowplow web events, against the users that Snowplow's own model makes of them."""

import csv
import gzip
import json
from collections import Counter
from pathlib import Path

from agents.adapters import Problem, Record, Unmapped, read, snowplow

SOURCES = Path(__file__).with_name("sources")
EVENTS, USERS = SOURCES / "snowplow_events.csv.gz", SOURCES / "snowplow_users_expected.csv.gz"
ROTATING = "Rotating domain_userid per session"


def page_views() -> list[dict[str, str]]:
    return [json.loads(row.value) for row in read("snowplow", EVENTS) if isinstance(row, Record)]


def test_every_row_is_a_page_view_or_counted_by_what_it_is():
    rows = list(read("snowplow", EVENTS))
    unmapped = Counter(row.what for row in rows if isinstance(row, Unmapped))
    assert len(rows) == 160
    assert sum(isinstance(row, Record) for row in rows) == 50 + 8
    assert unmapped["an event 'link_click'"] == 10


def test_a_repeated_event_is_passed_on_with_the_same_id_for_the_engine_to_drop():
    ids = Counter((event.get("customer_id"), event.get("event_id")) for event in page_views())
    assert max(ids.values()) > 1


def test_what_is_missing_stays_missing():
    found = page_views()
    assert [event["event_id"] for event in found if "customer_id" not in event] != []
    assert [event["customer_id"] for event in found if "event_id" not in event] != []


def test_one_event_per_id_gives_the_page_views_of_each_user_that_the_reference_expects():
    """Two rules of the reference are about sessions, which the engine has none of.

    A session ends three days after its first event, and belongs to the user that it began with.
    """
    first_of_session: dict[str, dict[str, str]] = {}
    seen: set[tuple[str, str]] = set()
    counted: Counter[str] = Counter()
    complete = [event for event in page_views() if "customer_id" in event and "event_id" in event]
    for event in sorted(complete, key=lambda event: event["occurred_at"]):
        first = first_of_session.setdefault(event["session_id"], event)
        identity = (event["customer_id"], event["event_id"])
        if identity not in seen and days_between(first["occurred_at"], event["occurred_at"]) < 3:
            counted[first["customer_id"]] += 1
        seen.add(identity)
    expected = expected_users()
    assert {user: counted[user] for user in expected} == expected


def test_a_source_without_a_needed_column_is_named():
    header = ",".join(name for name in snowplow.REQUIRED if name != "domain_userid") + "\n"
    assert list(snowplow.page_views([header])) == [Problem(1, "a header with the column domain_userid")]


def test_a_row_with_an_unreadable_time_is_named():
    header = ",".join(snowplow.REQUIRED) + "\n"
    rows = list(snowplow.page_views([header, "page_view,u,s,yesterday,today,/,[]\n"]))
    assert rows == [Problem(2, "times such as 2021-03-03 21:27:32.696 in collector_tstamp and derived_tstamp")]


def days_between(first: str, second: str) -> float:
    from schemas.times import DAY, parse_instant

    return (parse_instant(second) - parse_instant(first)) / DAY


def expected_users() -> dict[str, int]:
    with gzip.open(USERS, "rt", encoding="utf-8") as lines:
        return {row["domain_userid"]: int(row["page_views"]) for row in csv.DictReader(lines)}
