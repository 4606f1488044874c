"""Open a foreign source in place: plain text or gzip, whatever it is called."""

from __future__ import annotations

import contextlib
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

_GZIP_MAGIC = b"\x1f\x8b"


class SourceError(ValueError):
    """A source that cannot be read: one line says which file, and what was expected.

    Operator action: name a file that is there, may be read and is plain text or whole gzip.
    """


@contextlib.contextmanager
def opened(path: Path) -> Iterator[IO[str]]:
    """The source as text, with its line ends kept; bytes that are not UTF-8 become replacement characters.

    Raises:
        SourceError: it is not there, is a folder, may not be read or is damaged gzip.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        with gzip.open(path, "rb") if packed else path.open("rb") as binary:
            yield io.TextIOWrapper(cast("IO[bytes]", binary), encoding="utf-8-sig", errors="replace", newline="")
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        message = f"{path}: expected whole gzip: {error}"
        raise SourceError(message) from error
    except OSError as error:
        message = f"{path}: expected a file that can be read: {error.strerror or error}"
        raise SourceError(message) from error
