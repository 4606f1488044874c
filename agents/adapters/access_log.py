"""Web access logs in the Common or Combined Log Format, as web servers write them.

Every request becomes one clickstream event, so that nothing of the log is lost: a ``search`` when a page is asked with
a search term, a ``download`` when a document, an archive or a program was sent, else a ``page_view`` of what was asked
for (assets, feeds, errors and robots included: the daily cap keeps them from counting for much). ``pages`` is the
stricter reading: only what a person read, found or downloaded, the rest is counted and left out.

Lines keep the order of the log, disorder included. The visitor is the first field. The event id follows from the
line's number and text, so the same log gives the same ids. ``source`` tells robots: ``access-log-robot``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple
from urllib.parse import parse_qs, unquote

from agents.adapters.records import Problem, Record, Row, Unmapped, digest, record
from schemas.times import SECOND

EXPECTED = 'a line such as: host - - [17/May/2015:10:05:03 +0000] "GET /page HTTP/1.1" 200 512 "referrer" "agent"'
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DOWNLOADS = re.compile(
    r"7z|apk|avi|bz2|csv|deb|dmg|docx?|epub|exe|gem|gz|iso|jar|mkv|mov|mp[34]|msi|odt|ogg|pdf|pptx?|ps|rar|rpm|rtf"
    r"|tar|tgz|war|wav|whl|xlsx?|xz|zip"
)
"""File name extensions of what is downloaded."""
ASSETS = re.compile(r"bmp|css|eot|gif|ico|jpe?g|js|map|otf|png|svg|swf|ttf|webmanifest|webp|woff2?|xsl")
"""File name extensions of the parts of a page."""
SEARCH_TERMS = ("s", "q", "query", "search")
SUCCESS = frozenset({200, 206, 304})
_LINE = re.compile(
    r'(?P<host>\S+) \S+ .*?\[(?P<time>[^\]]+)\] "(?P<method>[A-Z]+) (?P<url>.+?)(?: HTTP/[\d.]+)?" (?P<status>\d{3})'
    r' \S+(?: "(?P<referrer>.*?)" "(?P<agent>.*?)"?)?\s*'
)
_TIME = re.compile(r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")
_ROBOT = re.compile(r"bot\b|bot[/_]|crawl|spider|slurp|fetch|feed|archiver|monitor|aggregator|^-?$|curl|wget", re.I)
_FEED = re.compile(r"[?&]flav=(?:rss|atom)|\.(?:rss|atom|xml)$|/(?:feed|rss|atom)/?$", re.I)


class Request(NamedTuple):
    """One request: when (ms), who, what and how it went."""

    at: int
    visitor: str
    method: str
    url: str
    status: int
    referrer: str | None
    robot: bool

    @property
    def path(self) -> str:
        """The URL without query and fragment."""
        return self.url.partition("?")[0].partition("#")[0]

    @property
    def extension(self) -> str:
        """The file name extension in lower case, empty without one."""
        return self.path.rpartition("/")[2].rpartition(".")[2].lower() if "." in self.path.rpartition("/")[2] else ""


def requests(lines: Iterable[str]) -> Iterator[Row]:
    """One event per request, in the order of the log."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            found = parse(line)
            yield Problem(number, EXPECTED) if found is None else to_event(found, f"{number}-{digest(line.rstrip())}")


def pages(lines: Iterable[str]) -> Iterator[Row]:
    """Only what people read, searched or downloaded; the rest is unmapped and says what it is."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            found = parse(line)
            if found is None:
                yield Problem(number, EXPECTED)
            elif aside := not_reading(found):
                yield Unmapped(number, aside)
            else:
                yield to_event(found, f"{number}-{digest(line.rstrip())}")


def parse(line: str) -> Request | None:
    """The request of a line; None when it is not one. A cut user agent is accepted."""
    found = _LINE.fullmatch(line)
    at = _instant(found["time"]) if found else None
    if found is None or at is None:
        return None
    referrer = found["referrer"]
    return Request(
        at, found["host"], found["method"], found["url"], int(found["status"]),
        None if referrer in {None, "", "-"} else referrer, bool(_ROBOT.search(found["agent"] or "-")),
    )  # fmt: skip


def not_reading(request: Request) -> str | None:
    """Why a request is no person's reading; None when it is."""
    if request.robot:
        return "a robot's request"
    if request.method != "GET" or request.status not in SUCCESS:
        return "a request that is no successful GET"
    if _FEED.search(request.url):
        return "a feed"
    if ASSETS.fullmatch(request.extension) or request.path == "/robots.txt":
        return "an asset of a page"
    return None


def to_event(request: Request, event_id: str) -> Record:
    """The clickstream event of a request."""
    source = "access-log-robot" if request.robot else "access-log"
    common = ("clickstream", request.visitor, event_id, request.at, source)
    answered = request.method == "GET" and request.status in SUCCESS
    if answered and DOWNLOADS.fullmatch(request.extension) and request.status != 304:
        return _event(*common, "download", asset_id=request.path, asset_kind=request.extension)
    if answered and (query := search_term(request)):
        return _event(*common, "search", query=query)
    return _event(*common, "page_view", url=request.url, referrer=request.referrer)


def search_term(request: Request) -> str | None:
    """What was searched for: a search parameter of a page, or what follows ``/search/``."""
    parameters = parse_qs(request.url.partition("?")[2].partition("#")[0])
    if request.path.endswith("/") or request.path.endswith("/search"):
        for name in SEARCH_TERMS:
            if name in parameters:
                return parameters[name][0]
    head, found, term = request.path.partition("/search/")
    return unquote(term.strip("/")) or None if found and not head else None


def _event(topic: str, visitor: str, event_id: str, at: int, source: str, kind: str, **fields: str | None) -> Record:
    return record(topic, kind, visitor, event_id, at, source=source, **fields)


def _instant(text: str) -> int | None:
    found = _TIME.fullmatch(text)
    if not found or found[2] not in MONTHS:
        return None
    offset = timedelta(hours=int(found[8]), minutes=int(found[9])) * (-1 if found[7] == "-" else 1)
    try:
        moment = datetime(
            int(found[3]), MONTHS.index(found[2]) + 1, int(found[1]), int(found[4]), int(found[5]), int(found[6]),
            tzinfo=timezone(offset),
        )  # fmt: skip
    except ValueError:
        return None
    return int(moment.astimezone(UTC).timestamp()) * SECOND
