"""Every example of every topic, as the first thing heard of a customer: what is said and what is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

import schemas
from schemas.decode import decode
from schemas.events import EVENTS, Event
from schemas.outputs import envelope, plain
from schemas.policy import load
from schemas.times import DAY, format_instant
from streams.describe import customer_line
from streams.lane import Lane, Memory
from streams.state import Customer

EXAMPLES = Path(schemas.__file__).parent / "examples"
FOLDER = Path(__file__).with_name("examples")
SETTLED = 200 * DAY
"""How long time passes after an example (ms): every timer that it set has fallen due."""
POLICY = load(None)


def examples(topic: str) -> list[bytes]:
    return (EXAMPLES / f"{topic}.jsonl").read_bytes().splitlines()


def outcome(topic: str, line: bytes) -> dict[str, Any]:
    """The example's disposition, what it makes the engine say at once and by timer, and the customer's line."""
    event = decode(topic, line)
    assert isinstance(event, Event)
    store = Memory()
    lane = Lane(store, POLICY)
    disposition = lane.feed(event).disposition
    at_once = lane.take().emissions
    state = store.get(event.customer_id)
    customer = customer_line(state, lane.now, POLICY) if isinstance(state, Customer) else None
    lane.advance(lane.now + SETTLED)
    later = lane.take().emissions
    return {
        "example": event.event_id,
        "type": event.action,
        "disposition": disposition,
        "says": [orjson.loads(envelope(one)) for one in at_once],
        "says_later": [{"at": format_instant(one.at), "what": getattr(one, "trigger", "score")} for one in later],
        "customer": None
        if customer is None
        else orjson.loads(orjson.dumps(customer, default=plain, option=orjson.OPT_PASSTHROUGH_SUBCLASS)),
    }


def written(topic: str) -> str:
    return json.dumps([outcome(topic, line) for line in examples(topic)], indent=1, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("topic", EVENTS)
def test_every_example_has_its_committed_outcome(topic: str, golden_update: bool) -> None:
    path = FOLDER / f"{topic}.json"
    if golden_update:
        path.write_text(written(topic), "utf-8")
    expected = json.loads(path.read_text("utf-8"))
    for line, told in zip(examples(topic), expected, strict=True):
        assert outcome(topic, line) == told


@pytest.mark.parametrize("topic", EVENTS)
def test_every_type_of_a_topic_has_an_example(topic: str) -> None:
    types = {json.loads(line)["type"] for line in examples(topic)}
    assert types == {kind.action.split(".")[1] for kind in EVENTS[topic]}


POINTS = {
    "clickstream.product_view": 2, "clickstream.search": 2, "clickstream.download": 8, "clickstream.form_submit": 10,
    "clickstream.comment": 4, "clickstream.share": 4, "clickstream.add_to_cart": 6, "clickstream.checkout_started": 8,
    "purchases.ordered": 20, "purchases.renewed": 20, "purchases.subscription_started": 25, "purchases.refunded": -10,
    "purchases.cancelled": -30, "email.opened": 2, "email.clicked": 5, "email.unsubscribed": -25,
    "email.complained": -40, "support-tickets.customer_replied": 1, "support-tickets.escalated": -8,
    "support-tickets.reopened": -6, "support-tickets.rated": 5, "surveys.csat": 10, "surveys.nps": 10,
}  # fmt: skip
"""The table of CONTRACT 2 for the content of the examples: a rating of 4, a csat of 5, an nps of 9."""


@pytest.mark.parametrize("topic", EVENTS)
def test_the_committed_points_are_those_of_the_contract(topic: str) -> None:
    for told in json.loads((FOLDER / f"{topic}.json").read_text("utf-8")):
        if told["type"] == "profiles.erased":
            assert told["customer"] is None
            continue
        points = POINTS.get(told["type"], 0)
        if told["type"] == "clickstream.page_view":
            points = 2 if told["example"] == "clickstream-001" else 1
        assert told["customer"]["raw"] == points
        assert told["customer"]["score"] == max(0, points)
        changes = [said for said in told["says"] if said["type"] == "engagement.score.changed.v1"]
        assert [change["data"]["current"]["score"] for change in changes] == ([points] if points >= 5 else [])
