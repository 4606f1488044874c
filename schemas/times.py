"""Instants and durations: milliseconds as plain integers inside, RFC 3339 and ``14d`` outside (CONTRACT, head)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

EARLIEST = -719_162 * DAY
LATEST = 2_932_897 * DAY - 1
"""The first and the last instant that RFC 3339 can write in UTC: the years 1 to 9999."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?"
    r"(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
_DURATION = re.compile(r"(\d+)(ms|s|m|h|d|w)", re.ASCII)
_UNITS = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}


class Instant(int):
    """A point in time: milliseconds since 1970-01-01 UTC."""


class Duration(int):
    """A span of time in milliseconds."""


def parse_instant(text: str) -> Instant:
    """Milliseconds of an RFC 3339 time with an offset; digits finer than a millisecond are cut.

    Raises:
        ValueError: it is not such a time.
    """
    if not _RFC3339.fullmatch(text):
        message = "expected an RFC 3339 time with an offset, such as 2026-11-21T09:30:00.000Z"
        raise ValueError(message)
    try:
        since = datetime.fromisoformat(text.upper()) - _EPOCH
    except ValueError as error:
        message = f"expected an RFC 3339 time that exists: {error}"
        raise ValueError(message) from error
    at = since.days * DAY + since.seconds * SECOND + since.microseconds // 1000
    if not EARLIEST <= at <= LATEST:
        message = "expected an RFC 3339 time in the years 1 to 9999 of UTC"
        raise ValueError(message)
    return Instant(at)


def format_instant(at: int) -> str:
    """The instant in UTC with three decimals and ``Z``; one outside the years 1 to 9999 is written as their limit."""
    moment = _EPOCH + timedelta(milliseconds=min(max(at, EARLIEST), LATEST))
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"


def parse_duration(text: str) -> Duration:
    """Milliseconds of ``30m``, ``24h``, ``14d`` (units: ms, s, m, h, d, w).

    Raises:
        ValueError: it is not such a duration.
    """
    found = _DURATION.fullmatch(text)
    if not found:
        message = f"expected a duration such as 30m, 24h or 14d, got {text!r}"
        raise ValueError(message)
    return Duration(int(found[1]) * _UNITS[found[2]])


def format_duration(span: int) -> str:
    """The span in the largest unit that holds it whole: ``14d``, ``90m``."""
    for unit in ("d", "h", "m", "s"):
        if span and span % _UNITS[unit] == 0:
            return f"{span // _UNITS[unit]}{unit}"
    return f"{span}ms" if span else "0s"


def day_of(at: int) -> int:
    """The UTC calendar day of an instant, as days since 1970-01-01."""
    return at // DAY


def format_day(day: int) -> str:
    """``YYYY-MM-DD`` of a day number."""
    return (_EPOCH + timedelta(days=day)).date().isoformat()
