"""How the files of a replay are found and read."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from agents.replay.reading import Record, ReplayError, Source, find_sources, read
from schemas.deadletters import DeadLetter
from schemas.events import ProfileErased
from schemas.times import parse_instant

ERASED = b'{"event_id":"e%d","customer_id":"c","occurred_at":"2026-01-01T00:00:0%dZ","type":"erased"}'


def lines_of(path: Path, content: bytes) -> list[Record]:
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return list(read(Source("profiles", path)))


def test_a_folder_gives_the_files_of_topics_in_the_order_of_the_contract(tmp_path: Path) -> None:
    for name in ("surveys.jsonl", "clickstream.jsonl.gz", "email.jsonl", "triggers.jsonl", "email.txt"):
        (tmp_path / name).touch()
    (tmp_path / "purchases.jsonl").mkdir()
    found = [(source.topic, source.path.name) for source in find_sources([tmp_path])]
    assert found == [("clickstream", "clickstream.jsonl.gz"), ("email", "email.jsonl"), ("surveys", "surveys.jsonl")]


def test_files_of_one_topic_come_in_the_order_of_the_paths(tmp_path: Path) -> None:
    for folder in ("b", "a"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "email.jsonl").touch()
    paths = [tmp_path / "b" / "email.jsonl", tmp_path / "a"]
    assert [source.path.parent.name for source in find_sources(paths)] == ["b", "a"]


@pytest.mark.parametrize("name", ["other.jsonl", "email.json", "email.jsonl.bz2", "Email.jsonl"])
def test_a_file_not_named_after_a_topic_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(ReplayError, match="expected a file named <topic>"):
        find_sources([tmp_path / name])


def test_a_missing_path_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="nowhere"):
        find_sources([tmp_path / "nowhere"])


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz"])
def test_blank_lines_are_skipped_and_counted_as_lines(tmp_path: Path, suffix: str) -> None:
    content = b"\n" + ERASED % (1, 1) + b"\r\n   \n" + ERASED % (2, 2)
    first, second = lines_of(tmp_path / f"profiles{suffix}", content)
    assert (first.offset, second.offset) == (1, 3)
    assert first.value == ERASED % (1, 1)
    assert isinstance(second.content, ProfileErased)
    assert second.at == parse_instant("2026-01-01T00:00:02Z")


def test_a_bad_line_with_a_valid_time_keeps_its_place_in_time(tmp_path: Path) -> None:
    no_id = b'{"customer_id":"c","occurred_at":"2026-01-01T00:00:05Z","type":"erased"}'
    no_time = b'{"customer_id":"c","occurred_at":"yesterday","type":"erased"}'
    records = lines_of(tmp_path / "profiles.jsonl", b"\n".join([no_id, no_time, b"[1", b"[1]", b"7"]))
    assert all(isinstance(record.content, DeadLetter) for record in records)
    assert [record.at for record in records] == [parse_instant("2026-01-01T00:00:05Z"), None, None, None, None]


def test_a_gzip_file_that_breaks_off_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "profiles.jsonl.gz"
    path.write_bytes(gzip.compress(ERASED % (1, 1) * 1000)[:-20])
    with pytest.raises(ReplayError, match=r"profiles\.jsonl\.gz"):
        list(read(Source("profiles", path)))


def test_a_file_that_is_not_gzip_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "profiles.jsonl.gz"
    path.write_bytes(b"plain text")
    with pytest.raises(ReplayError, match=r"profiles\.jsonl\.gz"):
        list(read(Source("profiles", path)))
