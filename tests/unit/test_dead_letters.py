"""Dead letters for those who mend them: which are chosen, how they are told, and what becomes of each."""

from __future__ import annotations

import json
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from agents.cli.main import main
from agents.deadletters.letter import DeadLettersError, Filter, Letter, named, parse
from agents.deadletters.plan import HEADER, Change, judge, plan
from agents.deadletters.showing import item_line, letter_lines, row, summary
from schemas.deadletters import Reason, dead_letter_record
from schemas.times import parse_instant

NOW = parse_instant("2026-01-01T12:00:00Z")
GOOD = {"event_id": "e1", "customer_id": "c-1", "occurred_at": "2026-01-01T11:00:00Z", "type": "page_view", "url": "/a"}


def letter(
    value: object = None, reason: Reason = "schema", key: bytes | None = b"c-1", topic: str = "clickstream",
    time: int | None = NOW, headers: tuple[tuple[str, bytes | None], ...] = (("trace", b"t1"),),
) -> Letter:  # fmt: skip
    raw = value if isinstance(value, bytes) else json.dumps(GOOD if value is None else value).encode()
    line = dead_letter_record(reason, "url: expected a string", topic, 2, 7, key, raw, headers)
    found = parse(line, key, time)
    assert found is not None
    return found


def without(name: str) -> dict[str, object]:
    return {key: value for key, value in GOOD.items() if key != name}


def engage(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in ("dead-letters", *arguments)])


def test_a_letter_keeps_the_bytes_of_key_headers_and_value() -> None:
    found = letter(b"\x00\xff", key=b"\xfe", headers=(("a", None), ("b", b"\xff")))
    assert (found.value, found.key, found.headers) == (b"\x00\xff", b"\xfe", (("a", None), ("b", b"\xff")))
    assert found.id == "clickstream/2/7"


def test_the_same_letter_written_twice_is_one_and_another_at_its_place_is_not() -> None:
    first, again, other = letter(), letter(time=NOW + 5), letter(without("url"))
    assert first.full_id == again.full_id != other.full_id
    assert list(Filter().select(iter([first, again, other]))) == [first, other]


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [
        (Filter(), True),
        (Filter(reasons=("schema", "not_json")), True),
        (Filter(reasons=("not_json",)), False),
        (Filter(topics=("email",)), False),
        (Filter(topics=("email", "clickstream")), True),
        (Filter(since=NOW), True),
        (Filter(since=NOW + 1), False),
        (Filter(until=NOW), False),
        (Filter(until=NOW + 1), True),
        (Filter(customer="c-1"), True),
        (Filter(customer="c-2"), False),
        (Filter(ids=("clickstream/2/7",)), True),
        (Filter(ids=("clickstream/2/70",)), False),
        (Filter(ids=("clickstream/2/7",), reasons=("not_json",)), False),
    ],
)
def test_a_filter_takes_what_meets_all_that_it_asks(wanted: Filter, taken: bool) -> None:
    assert wanted.takes(letter()) is taken


def test_a_customer_is_found_by_key_and_by_what_the_value_claims() -> None:
    found = letter(key=b"other", reason="key_mismatch")
    assert Filter(customer="other").takes(found)
    assert Filter(customer="c-1").takes(found)
    assert found.customer == "other"
    assert letter(key=None).customer == "c-1"


def test_a_letter_without_a_time_is_in_no_span_of_time() -> None:
    assert not Filter(since=0).takes(letter(time=None))
    assert not Filter(until=NOW * 2).takes(letter(time=None))


def test_what_is_no_dead_letter_is_none() -> None:
    assert parse(b"{}", None, 0) is None
    assert parse(None, None, 0) is None
    assert parse(b'{"reason": "of another version"}', None, 0) is None


def test_an_id_names_one_letter_or_says_why_not() -> None:
    first, other = letter(), letter(without("url"))
    assert named("clickstream/2/7", [first]) is first
    assert named(other.full_id, [first, other]) is other
    with pytest.raises(DeadLettersError, match="made anew"):
        named("clickstream/2/7", [first, other])
    with pytest.raises(DeadLettersError, match="no dead letter 'clickstream/2/8'"):
        named("clickstream/2/8", [first])


def test_the_verdict_is_that_of_a_worker_now() -> None:
    good = json.dumps(GOOD).encode()
    assert judge("clickstream", b"c-1", good, NOW) is None
    assert judge("clickstream", b"c-2", good, NOW).reason == "key_mismatch"  # type: ignore[union-attr]
    assert judge("clickstream", b"c-1", good, NOW - 7_200_000).reason == "from_the_future"  # type: ignore[union-attr]
    assert judge("clickstream", b"c-1", b"{", NOW).reason == "not_json"  # type: ignore[union-attr]


def test_what_would_be_refused_again_is_left_out_unless_it_is_forced() -> None:
    bad = letter(without("url"))
    assert plan(bad, {}, NOW, Change()).fate == "refused"
    assert plan(bad, {}, NOW, Change(force=True)).fate == "send"
    assert plan(bad, {}, NOW, Change(value=json.dumps(GOOD).encode())).fate == "send"


def test_what_was_sent_before_is_not_sent_again_even_when_forced() -> None:
    bad = letter()
    before = {bad.full_id: "2026-01-01T12:00:00.000Z"}
    assert plan(bad, before, NOW, Change(force=True)).fate == "sent_before"
    assert plan(letter(without("url")), before, NOW, Change(force=True)).fate == "send"


def test_what_is_sent_is_the_original_and_names_the_letter() -> None:
    item = plan(letter(headers=(("trace", b"t1"), (HEADER, b"an earlier one"))), {}, NOW, Change())
    assert (item.key, item.value) == (b"c-1", json.dumps(GOOD).encode())
    assert item.headers == (("trace", b"t1"), (HEADER, item.letter.full_id.encode()))


def test_a_wrong_key_is_mended_only_when_asked_and_only_for_key_mismatches() -> None:
    wrong = letter(key=b"c-9", reason="key_mismatch")
    assert plan(wrong, {}, NOW, Change()).fate == "refused"
    rekeyed = plan(wrong, {}, NOW, Change(rekey=True))
    assert (rekeyed.fate, rekeyed.key) == ("send", b"c-1")
    assert plan(letter(key=b"c-9", reason="schema"), {}, NOW, Change(rekey=True)).fate == "refused"


def test_a_row_says_what_a_person_looks_for() -> None:
    words = row(letter(), None)
    for word in ("clickstream/2/7", "2026-01-01T12:00:00.000Z", "open", "schema", "c-1", "url: expected a string"):
        assert word in words
    assert "sent again" in row(letter(), "2026-01-01T12:00:00.000Z")


def test_the_summary_counts_by_topic_and_reason_and_what_is_open() -> None:
    lines = list(
        summary(
            {("email", "schema", False): 1_200, ("clickstream", "schema", True): 2, ("clickstream", "schema", False): 1}
        )
    )
    assert [line.split() for line in lines] == [
        ["3", "clickstream", "schema", "1", "open"], ["1,200", "email", "schema"],
    ]  # fmt: skip


def test_a_letter_in_full_tells_the_fault_what_was_expected_and_the_value() -> None:
    bad = letter(without("url"))
    text = "\n".join(letter_lines(bad, None, judge("clickstream", b"c-1", bad.value, NOW)))
    assert "engage schema clickstream" in text
    assert "refused again: schema: url" in text
    assert "trace: t1" in text
    assert '  "type": "page_view"' in text
    assert "it would be accepted" in "\n".join(letter_lines(letter(), None, None))


def test_bytes_that_are_no_text_are_shown_in_hex_and_steer_no_terminal() -> None:
    text = "\n".join(letter_lines(letter(b"\x1b[31m\xff" + bytes(300), key=b"\x1b[2J"), None, None))
    assert "\x1b" not in text
    assert "1b 5b 33 31 6d ff" in text
    assert "49 bytes more" not in text
    assert "50 bytes more" in text


def test_a_line_on_what_is_sent_names_the_partition_and_explains_another_one() -> None:
    item = plan(letter(), {}, NOW, Change())
    assert item_line(item, 2, done=True) == "sent           clickstream/2/7 to topic clickstream, partition 2"
    assert "its producer hashes keys another way" in item_line(item, 3, done=False)
    refused = plan(letter(key=b"c-9", reason="key_mismatch"), {}, NOW, Change())
    assert "--rekey" in item_line(refused, 2, done=False)


def replayed(folder: Path) -> Path:
    folder.mkdir()
    lines = [json.dumps(GOOD), json.dumps(without("url")), "{", json.dumps({**GOOD, "event_id": "e2", "type": "leap"})]
    (folder / "clickstream.jsonl").write_text("".join(f"{line}\n" for line in lines))
    done = CliRunner().invoke(main, ["replay", str(folder), "--out", str(folder / "out")])
    assert done.exit_code == 0, done.output
    return folder / "out"


def test_the_dead_letters_of_a_replay_are_listed_and_shown_without_a_broker(tmp_path: Path) -> None:
    out = replayed(tmp_path / "in")
    listed = engage("list", "--from", out)
    assert listed.exit_code == 0, listed.output
    assert "3 dead letters" in listed.output
    for name in ("clickstream/0/1", "clickstream/0/2", "clickstream/0/3"):
        assert name in listed.output
    one = engage("list", "--from", out, "--reason", "unknown_type", "--json")
    (line,) = [orjson.loads(line) for line in one.output.splitlines()]
    assert (line["id"], line["time"], line["customer"]) == ("clickstream/0/3", "2026-01-01T11:00:00.000Z", "c-1")
    shown = engage("show", "clickstream/0/1", "--from", out / "dead-letters.jsonl")
    assert shown.exit_code == 0, shown.output
    assert "refused again: schema: url" in shown.output


def test_the_original_can_be_taken_out_byte_by_byte(tmp_path: Path) -> None:
    out = replayed(tmp_path / "in")
    shown = engage("show", "clickstream/0/1", "--from", out, "--raw")
    assert shown.stdout_bytes == json.dumps(without("url")).encode()


def test_the_newest_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    out = replayed(tmp_path / "in")
    listed = engage("list", "--from", out, "--limit", "1")
    assert "3 dead letters, the newest 1 shown" in listed.output
    assert "clickstream/0/3" in listed.output
    assert "clickstream/0/2" not in listed.output


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["replay"], 2, "which ones?"),
        (["replay", "--reason", "schema", "--with", "x"], 2, "exactly one ID"),
        (["list", "--from", "nowhere"], 1, "nowhere"),
        (["list", "--reason", "bad"], 2, "'bad' is not one of"),
        (["list", "--bootstrap", "127.0.0.1:1"], 70, "127.0.0.1:1"),
    ],
)
def test_errors_are_one_line(arguments: list[str], code: int, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.topics._TIMEOUT_SECONDS", 0.5)
    failed = engage(*arguments)
    assert failed.exit_code == code, failed.output
    assert failed.stderr.count("\n") == 1
    assert word in failed.stderr
