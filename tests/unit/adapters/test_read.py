"""Reading sources in place, and what is said when that fails."""

import gzip
from pathlib import Path

import pytest

from agents.adapters import KINDS, SourceError, read
from agents.samples import ACCESS_LOG


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_source_gives_nothing_or_a_problem_but_no_error(kind, tmp_path: Path):
    empty = tmp_path / "empty"
    empty.touch()
    assert len(list(read(kind, empty))) == (1 if kind == "snowplow" else 0)


def test_a_missing_source_is_named(tmp_path: Path):
    with pytest.raises(SourceError, match=r"nothing\.csv: expected a file that can be read: No such file"):
        list(read("helpdesk", tmp_path / "nothing.csv"))


def test_a_cut_archive_is_named(tmp_path: Path):
    cut = tmp_path / "cut.gz"
    cut.write_bytes(ACCESS_LOG.read_bytes()[:5000])
    with pytest.raises(SourceError, match=r"cut\.gz: expected whole gzip"):
        list(read("access-log", cut))


def test_csv_that_cannot_be_read_is_named(tmp_path: Path):
    broken = tmp_path / "broken.csv.gz"
    broken.write_bytes(gzip.compress(b'a\n"' + b"x" * 200_000 + b'"\n'))
    with pytest.raises(SourceError, match=r"broken\.csv\.gz: expected CSV"):
        list(read("helpdesk", broken))


def test_bytes_that_are_not_utf8_and_a_byte_order_mark_do_not_stop_the_reading(tmp_path: Path):
    log = tmp_path / "log"
    log.write_bytes(b'\xef\xbb\xbfv1 - - [17/May/2015:10:05:03 +0000] "GET /caf\xe9 HTTP/1.1" 200 1\n')
    (row,) = read("access-log", log)
    assert "/caf\N{REPLACEMENT CHARACTER}".encode() in row.value
