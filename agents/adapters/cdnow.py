"""The CDNOW purchase log, master (customer, date, discs, dollars) and sample (which adds the sample's own number).

One ``ordered`` event per row, the amount as it is written, at noon UTC: the log knows days only. The log is grouped by
customer, so events are given in order of day; rows of one day keep the file's order, and each has an id of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from agents.adapters.records import Problem, Record, Row, record
from schemas.times import HOUR, parse_instant

AT = 12 * HOUR
"""The time of day of every order, after midnight UTC."""
EXPECTED = "customer, (number in the sample,) date as YYYYMMDD, number of discs and dollars with two decimals"
_AMOUNT = re.compile(r"\d+(?:\.\d+)?", re.ASCII)


def orders(lines: Iterable[str]) -> Iterator[Row]:
    """The orders of all rows in order of day; first the problems of the rows that cannot be read."""
    found: list[tuple[int, Record]] = []
    for number, line in enumerate(lines, 1):
        columns = line.split()
        if not columns or (number == 1 and columns[0] == "customer_id"):
            continue
        order = parse(number, columns)
        if isinstance(order, Problem):
            yield order
        else:
            found.append(order)
    found.sort(key=lambda order: order[0])
    for _, event in found:
        yield event


def parse(line: int, columns: list[str]) -> tuple[int, Record] | Problem:
    """When a row's order occurred (ms) and its event."""
    if len(columns) not in {4, 5} or not _AMOUNT.fullmatch(columns[-1]):
        return Problem(line, EXPECTED)
    customer, date, amount = columns[0], columns[-3], columns[-1]
    try:
        at = parse_instant(f"{date[:4]}-{date[4:6]}-{date[6:]}T00:00:00Z") + AT
    except ValueError:
        return Problem(line, f"a date as YYYYMMDD, found {date!r}")
    order = f"cdnow-{line}"
    return at, record(
        "purchases", "ordered", customer, order, at,
        order_id=order, amount=amount, currency="USD", category="music", source="cdnow",
    )  # fmt: skip
