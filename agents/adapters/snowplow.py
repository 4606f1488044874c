"""Snowplow web events: the canonical table as CSV with a header.

``page_view`` and ``page_ping`` both say that a page is being read; a page view is known by the id of its web page
context within its session. So both become a ``page_view`` with that id, and the engine's own rule about duplicates
leaves one per page view (a ping counts only where its page view was never seen). A ``link_click``, a cookie report and
the other self-describing events have no counterpart: they are counted by name.

The customer is ``domain_userid``, the time ``derived_tstamp`` (corrected for the device's clock); rows are given in the
order in which the collector received them. A row without customer or page view id is passed on without it, for the
engine to set aside as a dead letter.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import orjson

from agents.adapters.records import Problem, Record, Row, Unmapped, record
from schemas.times import parse_instant

PAGE = "contexts_com_snowplowanalytics_snowplow_web_page_1_0_0"
READING = ("page_view", "page_ping")
REQUIRED = ("event_name", "domain_userid", "domain_sessionid", "collector_tstamp", "derived_tstamp", "page_url", PAGE)


class Received(NamedTuple):
    """A reading event and when the collector received it (ms)."""

    at: int
    event: Record


def page_views(lines: Iterable[str]) -> Iterator[Row]:
    """The page views in the order of arrival; first what cannot be read or has no counterpart."""
    rows = csv.DictReader(lines)
    if missing := [name for name in REQUIRED if name not in (rows.fieldnames or ())]:
        yield Problem(1, f"a header with the column {missing[0]}")
        return
    found: list[Received] = []
    for row in rows:
        read = parse(rows.line_num, row)
        if isinstance(read, Received):
            found.append(read)
        else:
            yield read
    found.sort(key=lambda received: received.at)
    for received in found:
        yield received.event


def parse(line: int, row: dict[str, str]) -> Received | Problem | Unmapped:
    """What a row says."""
    if row["event_name"] not in READING:
        return Unmapped(line, f"an event {row['event_name']!r}")
    try:
        received, occurred = _instant(row["collector_tstamp"]), _instant(row["derived_tstamp"])
    except (ValueError, AttributeError):
        return Problem(line, "times such as 2021-03-03 21:27:32.696 in collector_tstamp and derived_tstamp")
    page, session, customer = page_view_id(row[PAGE]), row["domain_sessionid"], row["domain_userid"] or None
    event_id = f"{page[:63]}/{session[:64]}" if page else None
    return Received(received, record(
        "clickstream", "page_view", customer, event_id, occurred,
        url=row["page_url"], title=row.get("page_title") or None, referrer=row.get("page_referrer") or None,
        session_id=session or None, campaign_id=row.get("mkt_campaign") or None, source="snowplow",
    ))  # fmt: skip


def page_view_id(context: str) -> str | None:
    """The id in a web page context, a JSON list of one object; None without one."""
    try:
        value = orjson.loads(context)
    except ValueError:
        return None
    while isinstance(value, list) and value:
        value = value[0]
    found = value.get("id") if isinstance(value, dict) else None
    return found if isinstance(found, str) and found else None


def _instant(text: str) -> int:
    return parse_instant(text.replace(" ", "T") + "Z")
