"""What leaves: CloudEvents, ids that follow from their cause, dead letters that can be replayed (CONTRACT 8, B29)."""

import base64
import json
from decimal import Decimal

import pytest

from schemas.deadletters import dead_letter_record
from schemas.outputs import (
    Contribution,
    CustomerErased,
    Kpi,
    ScoreChange,
    ScoreLevel,
    TriggerFired,
    envelope,
    erasure_id,
    key,
    kpi_id,
    score_change_id,
    trigger_id,
)
from schemas.times import DAY, Duration, Instant

AT = Instant(1795253400123)


def change(**parts):
    return ScoreChange(
        **{
            "id": "i", "customer_id": "é", "previous": ScoreLevel(0, "low"), "current": ScoreLevel(31, "medium"),
            "raw": 30.5, "contributions": (Contribution("email.clicked", 30.5),), "cause": "e-1",
            "policy_version": "1", "at": AT, **parts,
        }
    )  # fmt: skip


def fired(**parts):
    return TriggerFired(
        **{
            "id": "i", "customer_id": "c-1", "trigger": "going_quiet", "subject": None, "evidence": {},
            "cause": "timer", "score": 5, "level": "low", "policy_version": "1", "at": AT, **parts,
        }
    )  # fmt: skip


def test_a_score_change_is_a_cloud_event():
    assert json.loads(envelope(change())) == {
        "specversion": "1.0",
        "id": "i",
        "source": "/engagement-engine",
        "type": "engagement.score.changed.v1",
        "subject": "é",
        "time": "2026-11-21T09:30:00.123Z",
        "datacontenttype": "application/json",
        "data": {
            "customer_id": "é",
            "previous": {"score": 0, "level": "low"},
            "current": {"score": 31, "level": "medium"},
            "raw": 30.5,
            "contributions": [{"action": "email.clicked", "points": 30.5}],
            "cause": "e-1",
            "policy_version": "1",
            "at": "2026-11-21T09:30:00.123Z",
        },
    }


def test_what_a_trigger_does_not_know_is_null():
    data = json.loads(envelope(fired()))["data"]
    assert data["subject"] is None
    assert data == {
        "customer_id": "c-1", "trigger": "going_quiet", "subject": None, "evidence": {}, "cause": "timer", "score": 5,
        "level": "low", "policy_version": "1", "at": "2026-11-21T09:30:00.123Z",
    }  # fmt: skip


def test_evidence_writes_money_as_text_times_in_utc_and_spans_in_their_unit():
    evidence = {
        "amount": Decimal("1E+3"), "since": Instant(0), "gap": Duration(14 * DAY), "pages": ("/a", "/b"),
        "campaigns": {"b", "a"}, "last": None, "top": Contribution("email.clicked", 5.0), "count": 3,
    }  # fmt: skip
    assert json.loads(envelope(fired(evidence=evidence)))["data"]["evidence"] == {
        "amount": "1000", "since": "1970-01-01T00:00:00.000Z", "gap": "14d", "pages": ["/a", "/b"],
        "campaigns": ["a", "b"], "last": None, "top": {"action": "email.clicked", "points": 5.0}, "count": 3,
    }  # fmt: skip


def test_what_has_no_json_form_is_an_error_and_not_a_guess():
    with pytest.raises(TypeError):
        envelope(fired(evidence={"odd": object()}))


def test_an_erasure_says_only_who_and_when():
    event = json.loads(envelope(CustomerErased(id="i", customer_id="c-1", at=AT)))
    assert event["type"] == "engagement.customer.erased.v1"
    assert event["data"] == {"customer_id": "c-1", "at": "2026-11-21T09:30:00.123Z"}


def figures(dimension, value):
    return Kpi(id="i", dimension=dimension, value=value, day="total", figures={"orders": 2}, policy_version="1", at=AT)


def test_figures_are_keyed_by_their_slice_and_the_rest_by_the_customer():
    assert key(figures(None, None)) == b"overall"
    assert key(figures("product", "crm")) == b"product:crm"
    assert json.loads(envelope(figures("product", "crm")))["subject"] == "product:crm"
    assert key(change()) == "é".encode()
    assert key(CustomerErased(id="i", customer_id="c-1", at=AT)) == b"c-1"


def test_an_id_follows_from_the_cause_alone():
    assert score_change_id("c", "e", 5, "email") == score_change_id("c", "e", 5, "email")
    assert trigger_id("c", "t", None, "e", 5) == trigger_id("c", "t", None, "e", Instant(5))
    assert len(score_change_id("c", "e", 5)) == 32


def test_different_causes_have_different_ids():
    ids = [
        score_change_id("c", "e", 5),
        score_change_id("c", "e", 6),
        score_change_id("c", "f", 5),
        score_change_id("d", "e", 5),
        score_change_id("c", "e", 5, "email"),
        score_change_id("ce", "", 5),
        trigger_id("c", "t", None, "e", 5),
        trigger_id("c", "t", "", "e", 5),
        trigger_id("c", "t", "s", "e", 5),
        trigger_id("c", "ts", None, "e", 5),
        trigger_id("c", "t", None, "e", 5, "email"),
        trigger_id('c","t', None, None, "e", 5),
        erasure_id("c", 5),
        kpi_id(None, None, "total", 5),
        kpi_id("product", "crm", "total", 5),
        kpi_id("product", "crm", "2026-11-21", 5),
    ]
    assert len(set(ids)) == len(ids)


def test_a_dead_letter_holds_the_whole_record():
    line = dead_letter_record(
        "schema", "type: x", "email", 3, 7, b"c-1", b"\xff\x00", [("trace", b"\x01"), ("n", None)]
    )
    assert b"\n" not in line
    record = json.loads(line)
    assert list(record) == ["reason", "detail", "topic", "partition", "offset", "key", "value", "headers"]
    assert base64.b64decode(record.pop("value")) == b"\xff\x00"
    assert record == {
        "reason": "schema", "detail": "type: x", "topic": "email", "partition": 3, "offset": 7, "key": "c-1",
        "headers": [["trace", "AQ=="], ["n", None]],
    }  # fmt: skip


def test_a_dead_letter_without_key_or_value_says_null():
    record = json.loads(dead_letter_record("not_json", "d", "email", 0, 0, None, None, []))
    assert (record["key"], record["value"], record["headers"]) == (None, None, [])


def test_a_key_that_is_not_text_is_written_with_escapes():
    assert json.loads(dead_letter_record("not_json", "d", "email", 0, 0, b"a\xff", b"", []))["key"] == "a\\xff"
