"""E-mail webhooks: what a provider's event becomes."""

import json
from collections import Counter
from pathlib import Path

import pytest

from agents.adapters import Problem, Record, Unmapped, email_webhooks, read

SOURCE = Path(__file__).with_name("sources") / "email_webhooks.ndjson.gz"
EVENT = {
    "event_type": "opened",
    "timestamp": "2016-04-27 16:21:41.249368-04:00",
    "message_id": "m1",
    "recipient": "Jane@Example.com",
}


def rows(*events: dict[str, object]) -> list[object]:
    return list(email_webhooks.mail([json.dumps({"esp": "Postmark", "normalized": list(events)}) + "\n"]))


def event(**changed: object) -> dict[str, object]:
    (row,) = rows(EVENT | changed)
    assert isinstance(row, Record)
    found: dict[str, object] = json.loads(row.value)
    return found


def test_the_recipient_in_lower_case_is_the_customer_and_the_time_is_utc():
    assert event() | {"event_id": "-"} == {
        "event_id": "-",
        "customer_id": "jane@example.com",
        "occurred_at": "2016-04-27T20:21:41.249Z",
        "type": "opened",
        "message_id": "m1",
        "source": "Postmark",
    }


@pytest.mark.parametrize(
    ("known", "reason", "kind", "bounce"),
    [
        ("bounced", "bounced", "bounced", "hard"),
        ("bounced", None, "bounced", "hard"),
        ("bounced", "blocked", "bounced", "soft"),
        ("rejected", "invalid", "bounced", "hard"),
        ("rejected", "spam", "bounced", "soft"),
        ("rejected", "unsubscribed", "unsubscribed", None),
        ("failed", None, "bounced", "soft"),
        ("complained", "spam", "complained", None),
    ],
)
def test_the_reason_decides_the_kind_of_bounce(known, reason, kind, bounce):
    found = event(event_type=known, reject_reason=reason)
    assert (found["type"], found.get("bounce_kind")) == (kind, bounce)


def test_a_click_carries_its_link():
    assert event(event_type="clicked", click_url="https://a.example/")["link_url"] == "https://a.example/"


def test_an_id_that_a_provider_gives_twice_is_two_ids():
    found = [event(event_id="1", event_type=kind)["event_id"] for kind in ("bounced", "complained")]
    assert found[0] != found[1]


def test_the_same_post_again_gives_the_same_id():
    assert event() == event()


def test_a_message_still_on_its_way_is_counted_and_not_an_event():
    assert rows(EVENT | {"event_type": "deferred"}) == [Unmapped(1, "an event 'deferred'")]


def test_what_is_missing_stays_missing():
    assert set(event(recipient=None, timestamp=None, message_id=None)) == {"event_id", "type", "source"}


@pytest.mark.parametrize("line", ["{", "[]", '{"normalized": [1]}'])
def test_a_line_that_is_no_post_is_named(line):
    assert list(email_webhooks.mail([line])) == [Problem(1, email_webhooks.EXPECTED)]


def test_a_time_without_an_offset_is_named():
    assert rows(EVENT | {"timestamp": "2016-04-27 16:21:41"}) == [
        Problem(1, "a time with an offset in timestamp, found '2016-04-27 16:21:41'")
    ]


def test_every_event_of_the_twelve_providers_is_converted_or_counted():
    found = list(read("email-webhooks", SOURCE))
    types = Counter(json.loads(row.value)["type"] for row in found if isinstance(row, Record))
    unmapped = Counter(row.what for row in found if isinstance(row, Unmapped))
    assert types == {
        "bounced": 21 + 11 + 4, "sent": 30, "delivered": 26, "opened": 18, "clicked": 14, "complained": 10,
        "unsubscribed": 9 + 1,
    }  # fmt: skip
    assert unmapped == {
        "an event 'unknown'": 12, "an event 'deferred'": 11, "an event 'queued'": 8, "an event 'subscribed'": 1,
        "an event 'autoresponded'": 1,
    }  # fmt: skip
