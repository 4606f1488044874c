"""``engage convert``: topic files, counts and messages."""

import gzip
import json
from pathlib import Path

from click.testing import CliRunner, Result

from agents.cli.convert import convert
from agents.samples import ACCESS_LOG


def run(*arguments: object) -> Result:
    return CliRunner().invoke(convert, [str(argument) for argument in arguments])


def test_the_sample_becomes_a_topic_file_of_as_many_events(tmp_path: Path):
    result = run("access-log", ACCESS_LOG, "--out", tmp_path / "events")
    lines = (tmp_path / "events" / "clickstream.jsonl").read_bytes().splitlines()
    assert result.exit_code == 0
    assert len(lines) == 10_000
    assert json.loads(lines[0])["type"] == "page_view"
    assert result.stdout.splitlines()[-1] == "0 rows unreadable, 0 without counterpart, 10,000 events written"


def test_converting_again_writes_the_same_bytes(tmp_path: Path):
    for name in ("a", "b"):
        run("access-log", ACCESS_LOG, "--out", tmp_path / name)
    first, second = ((tmp_path / name / "clickstream.jsonl").read_bytes() for name in ("a", "b"))
    assert first == second


def test_each_unreadable_row_is_shown_up_to_a_limit_and_all_are_counted(tmp_path: Path):
    log = tmp_path / "access.log"
    log.write_bytes(gzip.decompress(ACCESS_LOG.read_bytes()).splitlines(keepends=True)[0] + b"noise\n" * 25)
    result = run("access-log", log, "--out", tmp_path / "events")
    shown = result.stderr.splitlines()
    assert result.exit_code == 0
    assert shown[0].startswith(f"{log}:2: expected a line such as")
    assert len(shown) == 20 + 1
    assert "5 more rows" in shown[-1]
    assert result.stdout.splitlines()[-1] == "25 rows unreadable, 0 without counterpart, 1 events written"


def test_rows_without_counterpart_are_counted_by_what_they_are(tmp_path: Path):
    source = Path(__file__).with_name("sources") / "email_webhooks.ndjson.gz"
    result = run("email-webhooks", source, "--out", tmp_path)
    assert "11 rows have no counterpart: an event 'deferred'" in result.stderr
    assert result.stdout.splitlines()[-1] == "0 rows unreadable, 33 without counterpart, 144 events written"


def test_a_missing_source_is_one_line_and_exit_1(tmp_path: Path):
    result = run("cdnow", tmp_path / "nothing", "--out", tmp_path / "events")
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "events").exists()


def test_a_damaged_source_leaves_the_folder_as_it_was(tmp_path: Path):
    run("access-log", ACCESS_LOG, "--out", tmp_path)
    before = (tmp_path / "clickstream.jsonl").read_bytes()
    cut = tmp_path / "cut.gz"
    cut.write_bytes(ACCESS_LOG.read_bytes()[:50_000])
    result = run("access-log", cut, "--out", tmp_path)
    assert result.exit_code == 1
    assert "expected whole gzip" in result.stderr
    assert (tmp_path / "clickstream.jsonl").read_bytes() == before
    assert {file.name for file in tmp_path.iterdir()} == {"clickstream.jsonl", "cut.gz"}
