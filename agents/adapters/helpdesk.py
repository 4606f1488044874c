"""A help-desk event log, one row per step of a case (the public ``finalHelpdesk`` log and logs of its shape).

The columns are read by position, for two of them bear the same name. A log has no message order: rows are grouped by
case, so they are given in order of time (rows of one instant keep the file's order), as they would have arrived.

What a row becomes (times have no zone: UTC):

====================== ================================================================================
first row of a case    ``created`` (channel ``web``: the log does not say), then what its activity means
Insert ticket          nothing more than ``created``
Assign seriousness     ``assigned`` without assignee: triage is not yet somebody's ticket
Take in charge ticket  ``assigned`` to the resource; before it ``customer_replied`` when the case was waiting, or
                       ``reopened`` when it had been resolved
Wait                   ``agent_replied``: the customer was asked, the resolution clock stands still
Require upgrade        ``escalated``
Resolve ticket         ``solved``
Closed                 ``closed``
any other activity     ``assigned`` without assignee: work behind the desk (anomalies, interventions)
====================== ================================================================================

Each event belongs to the customer of its own row, also in the few cases whose rows name several: what those rows do to
a ticket of another customer shows as an unknown ticket, and the ticket itself stays with the customer who opened it.
Priority is left at its default: the log's seriousness values are anonymous, their order is not known.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from agents.adapters.records import Problem, Record, Row, record
from schemas.times import parse_instant

CASE, ACTIVITY, RESOURCE, TIME, CUSTOMER, PRODUCT, COLUMNS = 0, 1, 2, 3, 8, 9, 16
CHANNEL = "web"
STEPS = {"Wait": "agent_replied", "Require upgrade": "escalated", "Resolve ticket": "solved", "Closed": "closed"}
TAKEN, TRIAGED, INSERTED = "Take in charge ticket", "Assign seriousness", "Insert ticket"


class Step(NamedTuple):
    """One row: its line, when (ms), and its columns."""

    line: int
    at: int
    columns: list[str]


def tickets(lines: Iterable[str]) -> Iterator[Row]:
    """The events of all rows in order of time; first the problems of the rows that cannot be read."""
    steps: list[Step] = []
    rows = csv.reader(lines)
    next(rows, None)
    for columns in rows:
        if columns:
            step = parse(rows.line_num, columns)
            if isinstance(step, Step):
                steps.append(step)
            else:
                yield step
    steps.sort(key=lambda step: step.at)
    cases: dict[str, str] = {}
    for step in steps:
        case, activity = step.columns[CASE], step.columns[ACTIVITY]
        for kind in kinds(activity, cases.get(case)):
            yield to_event(step, kind)
        cases[case] = state_after(activity, cases.get(case))


def parse(line: int, columns: list[str]) -> Step | Problem:
    """The step of a row."""
    if len(columns) < COLUMNS:
        return Problem(line, f"{COLUMNS} columns, found {len(columns)}")
    try:
        at = parse_instant(columns[TIME].replace("/", "-").replace(" ", "T") + "Z")
    except ValueError:
        return Problem(line, f"a time such as 2012/10/09 14:50:17.000 in column {TIME + 1}, found {columns[TIME]!r}")
    return Step(line, at, columns)


def kinds(activity: str, state: str | None) -> list[str]:
    """The event types of an activity in a case that is ``state`` (None before its first row)."""
    found = ["created"] if state is None else []
    if activity == TAKEN and state == "waiting":
        found.append("customer_replied")
    if activity == TAKEN and state == "resolved":
        found.append("reopened")
    if activity != INSERTED:
        found.append(STEPS.get(activity, "assigned"))
    return found or ["assigned"]


def state_after(activity: str, state: str | None) -> str:
    """What an activity makes of a case: ``open``, ``waiting`` or ``resolved``, which only taking it up again ends."""
    if activity == "Resolve ticket" or (state == "resolved" and activity != TAKEN):
        return "resolved"
    return "waiting" if activity == "Wait" else "open"


def to_event(step: Step, kind: str) -> Record:
    """The support event of a step."""
    columns = step.columns
    fields: dict[str, str | None] = {"ticket_id": columns[CASE] or None, "source": "helpdesk"}
    if kind == "created":
        fields |= {"channel": CHANNEL, "product": columns[PRODUCT] or None}
    if kind == "assigned" and columns[ACTIVITY] == TAKEN:
        fields["assignee"] = columns[RESOURCE] or None
    customer = columns[CUSTOMER] or None
    return record("support-tickets", kind, customer, f"helpdesk-{step.line}-{kind}", step.at, **fields)
