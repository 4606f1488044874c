"""Section 1: every line of the table of inputs, with its required fields and defaults."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas.deadletters import DeadLetter
from schemas.decode import decode
from schemas.events import EVENTS, Event
from schemas.topics import INPUTS
from tests.replaying import event
from tests.story import KINDS, Story

AT = "2026-03-01T00:00:00.000Z"
COMMON = ("event_id", "customer_id", "occurred_at")
REQUIRED = {
    "page_view": ["url"], "product_view": ["product_id"], "search": ["query"], "download": ["asset_id"],
    "form_submit": ["form_id"], "comment": [], "share": [], "add_to_cart": [], "checkout_started": [],
    **{kind: ["message_id"] for kind in KINDS if kind.startswith("mail_")},
    **{kind: ["ticket_id"] for kind in KINDS if kind.startswith("ticket_")},
    "ticket_created": ["ticket_id", "channel"], "ticket_rated": ["ticket_id", "score"],
    **{kind: ["order_id", "amount"] for kind in ("ordered", "renewed", "subscription_started", "refunded")},
    "cancelled": ["order_id"],
    "csat": ["score"], "nps": ["score"], "updated": ["attributes"], "erased": [],
}  # fmt: skip
"""Kind of ``tests.story`` -> what it requires beside the common fields."""


def line(kind: str, *without: str, **fields: Any) -> bytes:
    """An event with no more than it requires, less some fields."""
    _, name, _ = KINDS[kind]
    full = {**event(kind, AT, "e1"), "attributes": {}}
    body = {field: full[field] for field in (*COMMON, *REQUIRED[kind]) if field not in without}
    return json.dumps({**body, "type": name, **fields}).encode()


def test_1_there_are_six_topics_and_these_types() -> None:
    """1: six topics; the `type` of each."""
    assert list(INPUTS) == ["clickstream", "email", "support-tickets", "purchases", "surveys", "profiles"]
    assert {kind.action for kinds in EVENTS.values() for kind in kinds} == {
        f"{topic}.{name}" for topic, name, _ in KINDS.values()
    }


@pytest.mark.parametrize("kind", REQUIRED)
def test_1_an_event_with_no_more_than_the_required_fields_is_good(kind: str) -> None:
    """1: further fields (required in bold)."""
    assert isinstance(decode(KINDS[kind][0], line(kind)), Event)


@pytest.mark.parametrize(
    ("kind", "field"), [(kind, field) for kind in REQUIRED for field in (*COMMON, *REQUIRED[kind])]
)
def test_1_a_required_field_that_is_missing_is_named(kind: str, field: str) -> None:
    """1: a required field that is missing is a dead letter that says which field."""
    found = decode(KINDS[kind][0], line(kind, field))
    assert isinstance(found, DeadLetter)
    assert found.reason == "schema"
    assert field in found.detail


@pytest.mark.parametrize("kind", REQUIRED)
def test_1_optional_and_unknown_fields(kind: str) -> None:
    """1: optional everywhere: campaign_id, source, session_id. Unknown fields are ignored."""
    found = decode(KINDS[kind][0], line(kind, campaign_id="c", source="web", session_id="s", whatever=[{"x": 1}]))
    assert isinstance(found, Event)
    assert (found.campaign_id, found.source, found.session_id) == ("c", "web", "s")


@pytest.mark.parametrize("topic", INPUTS)
def test_1_an_unknown_type_is_a_dead_letter_and_never_skipped(topic: str) -> None:
    """1: an unknown type is a dead letter, never a silent skip; so is the type of another topic."""
    for name in ("telepathy", "erased" if topic != "profiles" else "sent"):
        found = decode(topic, json.dumps({**event("csat", AT, "e1"), "type": name}).encode())
        assert isinstance(found, DeadLetter)
        assert found.reason == "unknown_type"


@pytest.mark.parametrize("channel", ["email", "chat", "phone", "web", "social"])
def test_1_channels(channel: str) -> None:
    """1: channel (email chat phone web social)."""
    assert isinstance(decode("support-tickets", line("ticket_created", channel=channel)), Event)
    assert isinstance(decode("support-tickets", line("ticket_created", channel=channel.upper())), DeadLetter)


def test_1_defaults() -> None:
    """1: transactional false, bounce_kind hard, priority normal, currency USD."""
    story = Story().mail_sent().mail_bounced("m2").ticket_created().ordered("3")
    line = story.line()
    assert (line["email"]["sent"], line["contact"]["reasons"], line["value"]["revenue"]) == (1, ["hard_bounced"], "3")
    assert story.until("8h").evidence("first_reply_overdue")["priority"] == "normal"


@pytest.mark.parametrize("length", [0, 1, 128, 129])
@pytest.mark.parametrize("field", ["event_id", "customer_id"])
def test_1_identifiers_have_1_to_128_characters(field: str, length: int) -> None:
    """1: event_id (1-128 chars), customer_id (1-128 chars)."""
    found = decode("surveys", line("csat", **{field: "é" * length}))
    assert isinstance(found, Event) is (1 <= length <= 128)


def test_1_score_and_counters_do_not_depend_on_arrival_order() -> None:
    """1: late events count where occurred_at puts them."""
    told = [("ordered", "0d"), ("csat", "1d"), ("download", "2d"), ("mail_sent", "3d"), ("ticket_created", "4d")]
    lines = []
    for order in (told, told[::-1], told[2:] + told[:2]):
        story = Story()
        for kind, at in order:
            getattr(story.at(at), kind)()
        lines.append(story.until("5d").line())
    assert lines[0] == lines[1] == lines[2]
