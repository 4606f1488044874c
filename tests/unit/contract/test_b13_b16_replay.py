"""Appendix B 13-16, 29, 33: duplicates, what is no event, the merge of a replay and its end."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from agents.replay.reading import ReplayError
from tests.replaying import event, replayed
from tests.story import Story

DAY1, DAY2, DAY3 = "2026-03-01T00:00:00.000Z", "2026-03-02T00:00:00.000Z", "2026-03-03T00:00:00.000Z"
GOOD = event("csat", DAY1, "e1", score=5)


@pytest.mark.parametrize(("passed", "outcome"), [("24h-1ms", "duplicate"), ("24h", "applied")])
def test_b13_the_window_runs_from_the_first_applied_copy(passed: str, outcome: str) -> None:
    """B13: the 24 h run from the first applied copy; a copy after that is a new event."""
    assert Story().csat(event_id="x").after(passed).csat(event_id="x").disposition == outcome


def test_b13_duplicates_do_not_lengthen_the_window() -> None:
    """B13: ... and are not lengthened by duplicates."""
    story = Story().csat(5, event_id="x").after("20h").csat(5, event_id="x").at("24h").csat(5, event_id="x")
    assert [outcome.disposition for outcome in story.outcomes] == ["applied", "duplicate", "applied"]
    assert story.at("48h-1ms").csat(5, event_id="x").disposition == "duplicate"


def test_b13_arrival_time_is_now_when_the_event_is_handled() -> None:
    """B13: arrival time is now when the event is handled, the latest occurred_at so far, its own included."""
    story = Story().at("5d").page_view().at("1d").csat(5, event_id="x").at("3d").csat(5, event_id="x")
    assert story.disposition == "duplicate"
    assert story.at("5d").csat(5, event_id="x").disposition == "duplicate"
    assert story.at("6d").csat(5, event_id="x").disposition == "applied"


@pytest.mark.parametrize(
    ("kind", "who", "outcome"),
    [
        ("csat", "ada", "duplicate"),
        ("nps", "ada", "duplicate"),
        ("page_view", "ada", "applied"),
        ("csat", "bob", "applied"),
    ],
)
def test_1_a_duplicate_has_the_same_topic_id_and_customer(kind: str, who: str, outcome: str) -> None:
    """1: a second event of the same topic with the same event_id for the same customer, whatever its type."""
    story = Story().csat(event_id="x").by(who)
    assert getattr(story, kind)(event_id="x").disposition == outcome


def test_1_a_duplicate_changes_nothing_and_emits_nothing() -> None:
    """1: changes nothing and emits nothing."""
    story = Story().csat(1, event_id="x")
    before, told = story.line(), len(story.triggers)
    story.after("1h").csat(2, event_id="x")
    assert (story.line()["satisfaction"], len(story.triggers)) == (before["satisfaction"], told)


def test_b13_dropped_events_are_not_remembered() -> None:
    """B13: dead letters and dropped events are not remembered."""
    story = Story().at("1d").erased().at("0d").csat(event_id="x")
    assert story.disposition == "dropped"
    assert story.at("1d+1ms").csat(event_id="x").disposition == "applied"


def test_b13_dead_letters_are_not_remembered(tmp_path: Path) -> None:
    """B13: a dead letter with the id of a good event does not make that one a duplicate."""
    result = replayed(tmp_path, {"surveys": [{**GOOD, "score": 9}, GOOD]})
    assert (result.totals["dead_letters"], result.totals["applied"], result.totals["duplicates"]) == (1, 1, 0)


def test_b14_blank_lines_are_skipped_and_are_no_events(tmp_path: Path) -> None:
    """B14: blank lines are skipped. B33: blank lines are not events."""
    result = replayed(tmp_path, {"surveys": [b"", b"  \t", GOOD, b"\r"]})
    assert (result.totals["events"], result.totals["applied"], result.dead_letters) == (1, 1, [])


def test_b14_a_key_and_the_future_are_no_matter_in_a_replay(tmp_path: Path) -> None:
    """B14: key_mismatch and from_the_future do not occur in a replay."""
    assert replayed(tmp_path, {"surveys": [{**GOOD, "occurred_at": "2999-01-01T00:00:00Z"}]}).dead_letters == []


def test_b15_the_next_event_is_that_of_the_stream_whose_head_is_earliest(tmp_path: Path) -> None:
    """B15: disorder inside a file keeps the file's order, and what is behind counts as late."""
    late = [event("csat", DAY3, "e1", score=1), event("csat", DAY1, "e2", score=1)]
    result = replayed(tmp_path, {"surveys": late, "purchases": [event("ordered", DAY2, "e3")]})
    assert result.fired("low_satisfaction") == [DAY3, DAY3]
    assert result.fired("stage_changed") == [DAY2]


def test_b15_ties_go_by_topic_in_the_order_of_section_1_and_then_by_path(tmp_path: Path) -> None:
    """B15: ties by topic in the order of the table of section 1, then by the order of the PATHs."""
    files = {
        "b/surveys": [event("csat", DAY1, "s1", score=1)],
        "a/surveys": [event("csat", DAY1, "s2", score=2)],
        "a/support-tickets": [event("ticket_escalated", DAY1, "t1")],
        "b/email": [event("mail_unsubscribed", DAY1, "m1")],
    }
    result = replayed(tmp_path, files, paths=("b", "a"))
    assert [record["cause"] for record in result.triggers] == ["m1", "t1", "s1", "s2"]


def test_b15_a_line_without_a_valid_time_comes_directly_after_the_line_before_it(tmp_path: Path) -> None:
    """B15: a line with no valid occurred_at comes directly after the line before it, before what is due by then."""
    lines = [GOOD, {**GOOD, "occurred_at": "soon"}, event("csat", DAY3, "e3")]
    result = replayed(tmp_path, {"surveys": lines, "purchases": [b"{", event("ordered", DAY2, "e2", amount="x")]})
    assert [(letter["topic"], letter["offset"]) for letter in result.dead_letters] == [
        ("purchases", 0), ("surveys", 1), ("purchases", 1),
    ]  # fmt: skip


def test_b15_other_files_in_a_folder_are_ignored(tmp_path: Path) -> None:
    """B15: other files in a folder are ignored."""
    assert replayed(tmp_path, {"surveys": [GOOD], "notes": [b"x"]}).totals["events"] == 1


def test_b15_a_path_file_not_named_after_a_topic_is_an_error(tmp_path: Path) -> None:
    """B15: a PATH file not named after a topic is an error."""
    with pytest.raises(ReplayError, match="expected a file named"):
        replayed(tmp_path, {"notes": [GOOD]}, paths=("notes.jsonl",))


@pytest.mark.parametrize(("at", "dropped"), [(DAY2, 0), ("2026-03-02T00:00:00.001Z", 1)])
def test_b16_events_after_until_are_dropped(tmp_path: Path, at: str, dropped: int) -> None:
    """B16: events that occurred after --until are dropped."""
    totals = replayed(tmp_path, {"surveys": [GOOD, event("csat", at, "e2")]}, until=DAY2).totals
    assert (totals["dropped"], totals["applied"]) == (dropped, 2 - dropped)


def test_b16_at_the_end_now_becomes_until(tmp_path: Path) -> None:
    """B16: at the end now becomes --until, timers due at or before it run."""
    files = {"purchases": [event("ordered", DAY1, "e1")]}
    assert replayed(tmp_path / "1", files, until=DAY2).fired("thank_you_due") == [DAY2]
    assert replayed(tmp_path / "2", files, until="2026-03-01T23:59:59.999Z").fired("thank_you_due") == []


def test_b16_by_default_the_end_is_the_latest_applied_event(tmp_path: Path) -> None:
    """B16: (default: the latest occurred_at of an applied event): a duplicate and a dead letter do not count."""
    later = [event("csat", "2026-03-01T20:00:00.000Z", "e1", score=5), event("csat", DAY3, "e2", score=0)]
    result = replayed(tmp_path, {"surveys": [GOOD, *later], "clickstream": [event("add_to_cart", DAY1, "c1")]})
    assert result.customers["ada"]["raw"] == 16
    assert result.totals["duplicates"] == result.totals["dead_letters"] == 1


def test_b16_customers_show_score_raw_contributions_and_contact_at_that_instant(tmp_path: Path) -> None:
    """B16: score, raw, contributions and contact at that instant; level, role and stage are those last set."""
    sent = [event("mail_sent", DAY1, f"m{number}", message_id=f"m{number}") for number in range(3)]
    files = {"email": sent, "purchases": [event("ordered", DAY1, "o1")], "clickstream": [
        event("download", DAY1, f"d{number}", asset_id="a") for number in range(3)]}  # fmt: skip
    line = replayed(tmp_path, files, until="2026-05-01T00:00:00.000Z").customers["ada"]
    assert (line["score"], line["raw"] < 3, line["contact"]["allowed"]) == (2, True, True)
    assert line["contributions"][0]["points"] == pytest.approx(20 * 2 ** (-61 / 14), abs=1e-6)
    assert (line["level"], line["role"], line["stage"]) == ("low", "information_gatherer", "customer")


def test_b29_a_line_of_dead_letters(tmp_path: Path) -> None:
    """B29: {reason, detail, topic, partition 0, offset from 0, key null, value (base64), headers []}."""
    bad = b'{"event_id": 1}'
    letter = replayed(tmp_path, {"surveys": [GOOD, b"", bad]}).dead_letters[0]
    assert list(letter) == ["reason", "detail", "topic", "partition", "offset", "key", "value", "headers"]
    assert {**letter, "detail": ""} == {
        "reason": "schema", "detail": "", "topic": "surveys", "partition": 0, "offset": 2, "key": None,
        "value": base64.b64encode(bad).decode(), "headers": [],
    }  # fmt: skip
    assert "event_id" in letter["detail"]


def test_b33_triggers_counts_firings_and_not_erasure_records(tmp_path: Path) -> None:
    """B33: the summary's triggers counts firings, not erasure records."""
    result = replayed(
        tmp_path, {"profiles": [event("erased", DAY1, "e1")], "surveys": [event("csat", DAY1, "e", score=1)]}
    )
    assert (len(result.triggers), result.totals["triggers"]) == (2, 1)


def test_10_events_are_applied_duplicates_dropped_and_dead_letters(tmp_path: Path) -> None:
    """10: events = applied + duplicates + dropped + dead_letters."""
    lines = [GOOD, GOOD, {**GOOD, "score": 9}, event("csat", DAY3, "e3")]
    totals = replayed(tmp_path, {"surveys": lines}, until=DAY2).totals
    parts = [totals[name] for name in ("applied", "duplicates", "dropped", "dead_letters")]
    assert (parts, totals["events"]) == ([1, 1, 1, 1], 4)
