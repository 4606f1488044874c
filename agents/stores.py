"""Stores of a lane's bytes: a dictionary, or RocksDB on disk for more customers than memory holds."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from agents.changelog import Change

if TYPE_CHECKING:
    from pathlib import Path

    from agents.settings import Settings

_POSITION: Final = b"\x00position"
_HOUR: Final = 3_600.0
_READ_AHEAD_BYTES: Final = 4 << 20


class Store(Protocol):
    """Keys and values of one lane. ``position`` is the changelog offset up to which it holds everything."""

    position: int

    def get(self, key: bytes) -> bytes | None:
        """The value, or None."""

    def write(self, changes: Sequence[Change], position: int | None) -> None:
        """Apply changes in order, all or none; ``position`` is kept as it is when None."""

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """All keys and values."""

    def names(self) -> Iterator[bytes]:
        """All keys; the store may be written while they are gone through."""

    def clear(self) -> None:
        """Hold nothing, at position 0."""

    def close(self) -> None:
        """Let go of files."""


class MemoryStore:
    """A dictionary."""

    def __init__(self) -> None:
        self.position = 0
        self._values: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        """The value, or None."""
        return self._values.get(key)

    def write(self, changes: Sequence[Change], position: int | None) -> None:
        """Apply changes in order."""
        values: dict[bytes, bytes | None] = self._values  # type: ignore[assignment]
        values.update(changes)
        for gone in [key for key, value in changes if value is None]:
            if gone in values and values[gone] is None:
                del values[gone]
        if position is not None:
            self.position = position

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """All keys and values."""
        return iter(self._values.items())

    def names(self) -> Iterator[bytes]:
        """The keys that there are now."""
        return iter(list(self._values))

    def clear(self) -> None:
        """Hold nothing, at position 0."""
        self._values.clear()
        self.position = 0

    def close(self) -> None:
        """Nothing to let go of."""


class RocksStore:
    """RocksDB in a folder, opened with Faust's options for one; needs the extra ``rocksdb``.

    Raises:
        ImportError: rocksdict is not installed. Operator action: install ``engagement-engine[rocksdb]``.

    """

    def __init__(self, folder: Path, trust_hours: int) -> None:
        self._folder = folder
        self._open()
        stamp = self._db.get(_POSITION)
        self.position = int.from_bytes(stamp[:8], "big") if stamp else 0
        written = int.from_bytes(stamp[8:], "big") if stamp else 0
        if stamp and time.time() - written > trust_hours * _HOUR:
            self.clear()

    def _open(self) -> None:
        from faust.stores.rocksdb import RocksDBOptions

        options = RocksDBOptions(write_buffer_size=16 << 20, block_cache_size=32 << 20, bloom_filter_size=10)
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        self._db: Any = options.open(self._folder)

    def get(self, key: bytes) -> bytes | None:
        """The value, or None."""
        value: bytes | None = self._db.get(key)
        return value

    def write(self, changes: Sequence[Change], position: int | None) -> None:
        """Apply changes and the position in one write."""
        import rocksdict

        batch = rocksdict.WriteBatch(raw_mode=True)
        for key, value in changes:
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        if position is not None:
            self.position = position
        batch.put(_POSITION, self.position.to_bytes(8, "big") + int(time.time()).to_bytes(8, "big"))
        self._db.write(batch)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """All keys and values, read ahead and past the cache, which is for what is asked for singly."""
        import rocksdict

        once = rocksdict.ReadOptions()
        once.fill_cache(False)
        once.set_readahead_size(_READ_AHEAD_BYTES)
        return ((key, value) for key, value in self._db.items(read_opt=once) if key != _POSITION)

    def names(self) -> Iterator[bytes]:
        """The keys that there are now."""
        return (key for key in self._db.keys() if key != _POSITION)  # noqa: SIM118 - it is no dict

    def clear(self) -> None:
        """Hold nothing, at position 0."""
        self._db.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._open()
        self.position = 0

    def close(self) -> None:
        """Flush and release the folder's lock."""
        self._db.close()


def open_store(settings: Settings, partition: int) -> Store:
    """The store of a lane, as the settings ask."""
    if settings.store == "memory":
        return MemoryStore()
    folder = settings.data_dir / settings.application_id / f"customers-{partition}.rocksdb"
    return RocksStore(folder, settings.rocksdb_trust_hours)
