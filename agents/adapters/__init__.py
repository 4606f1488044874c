"""Real data in: each adapter turns the rows of a foreign source into events of the contract.

An adapter is a function from lines to values: a ``Record``, or a ``Problem`` or ``Unmapped`` that says why a row gives
none. It reads no file and knows no clock. ``KINDS`` is the registry: a new source is one module and one line here.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from agents.adapters import access_log, cdnow, email_webhooks, helpdesk, snowplow
from agents.adapters.records import Problem, Record, Row, Unmapped
from agents.adapters.source import SourceError, opened

__all__ = ["KINDS", "Adapter", "Problem", "Record", "Row", "SourceError", "Unmapped", "read"]


class Adapter(NamedTuple):
    """A kind of source: its rows in, events out, and a line that says what it reads."""

    convert: Callable[[Iterable[str]], Iterator[Row]]
    reads: str


KINDS: dict[str, Adapter] = {
    "access-log": Adapter(access_log.requests, "a web access log (Common or Combined Log Format), every request"),
    "access-log-pages": Adapter(access_log.pages, "the same, only what people read, searched and downloaded"),
    "helpdesk": Adapter(helpdesk.tickets, "a help-desk event log (CSV, columns by position)"),
    "cdnow": Adapter(cdnow.orders, "the CDNOW purchases, master or sample"),
    "snowplow": Adapter(snowplow.page_views, "Snowplow web events (CSV of the canonical table)"),
    "email-webhooks": Adapter(email_webhooks.mail, "e-mail webhooks as normalised events (JSON lines)"),
}


def read(kind: str, path: Path) -> Iterator[Row]:
    """The rows of a source, read in place, plain or gzip.

    Raises:
        KeyError: there is no such kind.
        SourceError: the source cannot be read.
    """
    adapter = KINDS[kind]
    try:
        with opened(path) as lines:
            yield from adapter.convert(lines)
    except csv.Error as error:
        message = f"{path}: expected CSV: {error}"
        raise SourceError(message) from error
