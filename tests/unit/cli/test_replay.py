"""``engage replay`` on a few events: what is written, what is counted, what happens on errors (CONTRACT 10)."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from agents.cli.main import main
from agents.replay.writing import FILES


def engage(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def event(number: int, at: str, kind: str, customer: str = "c-1", **fields: Any) -> str:
    common = {"event_id": f"e-{number}", "customer_id": customer, "occurred_at": f"2026-01-{at}Z", "type": kind}
    return json.dumps(common | fields)


def write(folder: Path, topic: str, *lines: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{topic}.jsonl").write_text("".join(line + "\n" for line in lines))


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def totals(result: Result) -> dict[str, int]:
    assert result.exit_code == 0, result.output
    found: dict[str, int] = json.loads(result.stdout.splitlines()[-1])
    return found


def test_the_last_line_counts_every_line_once(tmp_path: Path) -> None:
    write(
        tmp_path / "in", "clickstream",
        event(1, "01T09:00:00", "download", asset_id="a"),
        event(1, "01T09:00:00", "download", asset_id="a"),
        "",
        event(2, "01T10:00:00", "nonsense"),
        event(3, "03T09:00:00", "download", asset_id="a"),
    )  # fmt: skip
    found = totals(engage("replay", tmp_path / "in", "--out", tmp_path / "out", "--until", "2026-01-02T00:00:00Z"))
    assert found == {
        "events": 4, "applied": 1, "duplicates": 1, "dropped": 1, "dead_letters": 1,
        "score_changes": 1, "triggers": 0, "customers": 1,
    }  # fmt: skip
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(FILES)


def test_a_dead_letter_tells_where_it_was_and_holds_its_bytes(tmp_path: Path) -> None:
    write(tmp_path / "in", "email", "", event(1, "01T09:00:00", "opened", message_id="m"), "  not json  ")
    engage("replay", tmp_path / "in", "--out", tmp_path / "out")
    (letter,) = rows(tmp_path / "out" / "dead-letters.jsonl")
    assert (letter["reason"], letter["topic"], letter["partition"], letter["offset"]) == ("not_json", "email", 0, 2)
    assert (letter["key"], letter["headers"]) == (None, [])
    assert base64.b64decode(letter["value"]) == b"  not json  "


def test_timers_run_until_the_end_that_was_given(tmp_path: Path) -> None:
    write(tmp_path / "in", "clickstream", event(1, "01T09:00:00", "add_to_cart", product_id="p"))
    assert totals(engage("replay", tmp_path / "in", "--out", tmp_path / "out"))["triggers"] == 0
    until = ("--until", "2026-01-01T10:00:00Z")
    assert totals(engage("replay", tmp_path / "in", "--out", tmp_path / "out", *until))["triggers"] == 1
    (fired,) = rows(tmp_path / "out" / "triggers.jsonl")
    assert fired["data"]["trigger"] == "cart_abandoned"
    assert fired["data"]["at"] == "2026-01-01T10:00:00.000Z"


def test_an_erasure_is_a_record_on_triggers_but_no_firing(tmp_path: Path) -> None:
    write(tmp_path / "in", "profiles", event(1, "01T09:00:00", "erased"))
    found = totals(engage("replay", tmp_path / "in", "--out", tmp_path / "out"))
    assert (found["applied"], found["triggers"], found["customers"]) == (1, 0, 0)
    (record,) = rows(tmp_path / "out" / "triggers.jsonl")
    assert record["type"] == "engagement.customer.erased.v1"


def test_customers_are_sorted_by_id(tmp_path: Path) -> None:
    names = ["b", "a", "ä", "B", "10", "9"]
    lines = [event(n, "01T09:00:00", "search", name, query="q") for n, name in enumerate(names)]
    write(tmp_path / "in", "clickstream", *lines)
    engage("replay", tmp_path / "in", "--out", tmp_path / "out")
    found = [row["customer_id"] for row in rows(tmp_path / "out" / "customers.jsonl")]
    assert found == sorted(names, key=lambda name: name.encode())


def test_a_compressed_file_gives_the_same_bytes_as_a_plain_one(tmp_path: Path) -> None:
    write(tmp_path / "in", "clickstream", *[event(n, f"01T09:00:{n:02}", "download", asset_id="a") for n in range(9)])
    packed = tmp_path / "clickstream.jsonl.gz"
    packed.write_bytes(gzip.compress((tmp_path / "in" / "clickstream.jsonl").read_bytes()))
    engage("replay", tmp_path / "in", "--out", tmp_path / "plain")
    engage("replay", packed, "--out", tmp_path / "packed")
    for name in FILES:
        assert (tmp_path / "plain" / name).read_bytes() == (tmp_path / "packed" / name).read_bytes()


def test_an_error_half_way_leaves_no_file_of_this_run(tmp_path: Path) -> None:
    lines = "".join(event(n, "01T09:00:00", "search", query="q") + "\n" for n in range(20_000))
    (tmp_path / "clickstream.jsonl.gz").write_bytes(gzip.compress(lines.encode())[:-50])
    result = engage("replay", tmp_path / "clickstream.jsonl.gz", "--out", tmp_path / "new" / "out")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "clickstream.jsonl.gz" in result.stderr
    assert list((tmp_path / "new" / "out").iterdir()) == []


def test_an_out_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    write(tmp_path / "in", "surveys", event(1, "01T09:00:00", "nps", score=9))
    (tmp_path / "out").touch()
    result = engage("replay", tmp_path / "in", "--out", tmp_path / "out")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "cannot write" in result.stderr


def test_a_folder_without_events_is_said_and_gives_empty_files(tmp_path: Path) -> None:
    result = engage("replay", tmp_path, "--out", tmp_path / "out")
    assert totals(result)["events"] == 0
    assert f"no <topic>.jsonl or .jsonl.gz in {tmp_path}" in result.stderr
    assert (tmp_path / "out" / "customers.jsonl").read_bytes() == b""
