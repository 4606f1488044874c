"""Snowplow web events, against the users that Snowplow's own model makes of them."""

import csv
import gzip
import json
from collections import Counter
from pathlib import Path

from agents.adapters import Problem, Record, Unmapped, read, snowplow
from schemas.deadletters import DeadLetter
from schemas.decode import decode
from schemas.events import PageView
from schemas.policy import load
from schemas.times import DAY
from streams.apply import apply
from streams.outcome import State

SOURCES = Path(__file__).with_name("sources")
EVENTS, USERS = SOURCES / "snowplow_events.csv.gz", SOURCES / "snowplow_users_expected.csv.gz"


def records() -> list[Record]:
    return [row for row in read("snowplow", EVENTS) if isinstance(row, Record)]


def page_views() -> list[dict[str, str]]:
    return [json.loads(row.value) for row in records()]


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


def test_what_the_engine_applies_are_the_page_views_of_each_user_that_the_reference_expects():
    """The engine itself drops the repeated ones, by the id that the adapter gives them.

    Two rules of the reference are about sessions, which the engine has none of: a session ends three days after its
    first event, and belongs to the user that it began with.
    """
    applied = engine_applies()
    first_of_session: dict[str, PageView] = {}
    for event in sorted(applied, key=lambda event: event.occurred_at):
        first_of_session.setdefault(str(event.session_id), event)
    counted: Counter[str] = Counter()
    for event in applied:
        first = first_of_session[str(event.session_id)]
        if event.occurred_at - first.occurred_at < 3 * DAY:
            counted[first.customer_id] += 1
    expected = expected_users()
    assert {user: counted[user] for user in expected} == expected


def test_rows_without_customer_or_page_view_id_are_dead_letters_of_the_engine():
    letters = [found for row in records() if isinstance(found := decode(row.topic, row.value), DeadLetter)]
    assert [letter.reason for letter in letters] == ["schema", "schema"]


def engine_applies() -> list[PageView]:
    policy, now = load(None), 0
    states: dict[str, State] = {}
    applied: list[PageView] = []
    for row in records():
        event = decode(row.topic, row.value)
        if isinstance(event, PageView):
            now = max(now, event.occurred_at)
            outcome = apply(states.get(event.customer_id), event, now, policy)
            states[event.customer_id] = outcome.state
            if outcome.disposition == "applied":
                applied.append(event)
    return applied


def test_a_source_without_a_needed_column_is_named():
    header = ",".join(name for name in snowplow.REQUIRED if name != "domain_userid") + "\n"
    assert list(snowplow.page_views([header])) == [Problem(1, "a header with the column domain_userid")]


def test_a_row_with_an_unreadable_time_is_named():
    header = ",".join(snowplow.REQUIRED) + "\n"
    rows = list(snowplow.page_views([header, "page_view,u,s,yesterday,today,/,[]\n"]))
    assert rows == [Problem(2, "times such as 2021-03-03 21:27:32.696 in collector_tstamp and derived_tstamp")]


def expected_users() -> dict[str, int]:
    with gzip.open(USERS, "rt", encoding="utf-8") as lines:
        return {row["domain_userid"]: int(row["page_views"]) for row in csv.DictReader(lines)}
