"""Stores of a lane: order within a write, and what RocksDB holds after its process was killed."""

from __future__ import annotations

import itertools
import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from agents.changelog import Change
from agents.stores import MemoryStore, RocksStore, Store

_KEYS = 200
_PADDING = bytes(1_000)


@pytest.fixture(params=["memory", "rocksdb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "memory":
        return MemoryStore()
    pytest.importorskip("rocksdict")
    return RocksStore(tmp_path / "db", 20)


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ([(b"a", b"1"), (b"a", None)], {}),
        ([(b"a", None), (b"a", b"2")], {b"a": b"2"}),
        ([(b"a", None), (b"a", None)], {}),
        ([(b"a", b"1"), (b"a", None), (b"a", b"3"), (b"b", None)], {b"a": b"3"}),
        ([(b"old", None)], {}),
        ([(b"old", b"new")], {b"old": b"new"}),
    ],
)
def test_the_last_change_of_a_key_in_one_write_counts(
    store: Store, changes: list[Change], left: dict[bytes, bytes]
) -> None:
    store.write([(b"old", b"0")], 1)
    store.write(changes, 2)
    kept = {} if (b"old", None) in changes else {b"old": b"0"}
    assert dict(store.items()) == kept | left
    assert (store.get(b"a"), store.position) == (left.get(b"a"), 2)


def write_without_end(folder: Path, progress: Connection) -> None:
    """Write all keys over and over, each time with the next position."""
    store = RocksStore(folder, 20)
    for position in itertools.count(1):
        value = position.to_bytes(8, "big") + _PADDING
        store.write([(b"c%d" % number, value) for number in range(_KEYS)], position)
        progress.send(position)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("reached", [1, 60, 200])
def test_rocksdb_whose_process_is_killed_holds_what_its_position_says(tmp_path: Path, reached: int) -> None:
    pytest.importorskip("rocksdict")
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe(duplex=False)
    writer = context.Process(target=write_without_end, args=(tmp_path / "db", theirs), daemon=True)
    writer.start()
    theirs.close()
    while mine.recv() < reached:
        pass
    writer.kill()
    writer.join()
    store = RocksStore(tmp_path / "db", 20)
    held = list(store.items())
    assert store.position >= reached
    assert len(held) == _KEYS
    assert {int.from_bytes(value[:8], "big") for _, value in held} == {store.position}
    store.close()
