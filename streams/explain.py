"""A customer's standing in words: every number with where it comes from, one line each.

Works on the customer's line of ``customers.jsonl``, so the same words come from a replay, a worker or Redis.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from schemas.policy import Policy
from schemas.times import DAY, format_duration, format_instant, parse_instant
from streams.wording import REASONS, count, trigger_sentence

_HORIZON = 400 * DAY
_NEXT_STAGE = {
    "subscriber": "a form or a click in an e-mail makes a lead",
    "lead": "level medium or high, and a download, form or cart, makes qualified",
    "qualified": "starting a checkout makes an opportunity",
    "opportunity": "the first order, renewal or subscription makes a customer",
    "customer": "the second order makes a repeat customer",
    "repeat_customer": "this is the last stage",
}


class Section(msgspec.Struct, frozen=True):
    """A heading and its lines."""

    title: str
    lines: tuple[str, ...]


def explain(
    line: Mapping[str, Any],
    policy: Policy,
    now: int,
    triggers: Sequence[Mapping[str, Any]] = (),
    events: Mapping[str, int] | None = None,
) -> tuple[Section, ...]:
    """The standing of one customer at ``now`` (ms) in words.

    ``line`` is the customer's line of ``customers.jsonl``, ``triggers`` the ``data`` of recent firings, oldest first,
    ``events`` how many events there were of each action, where that is known.
    """
    score = Section(f"Score {line['score']}, level {line['level']}", tuple(_score(line, policy, events or {})))
    sections = [
        score,
        Section("Level", tuple(_level(line, policy, now))),
        Section("Stage and role", tuple(_standing(line))),
        Section("Contact", tuple(_contact(line))),
        Section("Support", tuple(_support(line, policy))),
        Section("Value and satisfaction", tuple(_value(line))),
    ]
    if triggers:
        sections.append(Section("Recent triggers, newest first", tuple(map(trigger_sentence, reversed(triggers)))))
    return tuple(sections)


def _score(line: Mapping[str, Any], policy: Policy, events: Mapping[str, int]) -> list[str]:
    rows = line["contributions"]
    lines = []
    for row in rows:
        action, points = row["action"], row["points"]
        half_life = format_duration(policy.score.half_lives.get(action, policy.score.half_life))
        of = f" from {count(events[action], 'event')}" if events.get(action) else ""
        lines.append(f"{points:+.2f} {action}{of}, halves every {half_life}")
    if not rows:
        lines.append("no action is worth points now")
    lines.append(f"sum {line['raw']:.6f}, rounded and kept within 0 to 100: {line['score']}")
    return lines


def _level(line: Mapping[str, Any], policy: Policy, now: int) -> list[str]:
    level, levels, slack = line["level"], policy.score.levels, policy.score.level_hysteresis
    ranges = {
        "low": f"low is 0 to {levels.medium - 1}; {levels.medium} makes medium",
        "medium": f"medium is {levels.medium} to {levels.high - 1}; {levels.high} makes high",
        "high": f"high is {levels.high} to 100",
    }
    lines = [ranges[level]]
    floor = {"medium": levels.medium, "high": levels.high}.get(level)
    if floor is not None:
        falls = level_falls_at(line, policy, now)
        when = f"on {_when(falls)}" if falls else f"not within {format_duration(_HORIZON)}"
        lines.append(f"falls when the score is under {floor - slack}: with no further event {when}")
    return lines


def level_falls_at(line: Mapping[str, Any], policy: Policy, now: int) -> int | None:
    """The instant (ms) at which the level falls if nothing happens; None for low, or when it is over a year away.

    Exact where all points are positive; negative points that fade can make the score rise again before.
    """
    floor = {"medium": policy.score.levels.medium, "high": policy.score.levels.high}.get(line["level"])
    if floor is None:
        return None
    least = floor - policy.score.level_hysteresis - 0.5
    raw = _fading(line, policy)
    step = next((day for day in range(0, _HORIZON + DAY, DAY) if raw(day) < least), None)
    if not step:
        return None if step is None else now
    low, high = step - DAY, step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if raw(middle) < least else (middle, high)
    return now + high


def _fading(line: Mapping[str, Any], policy: Policy) -> Callable[[int], float]:
    halves = policy.score.half_lives
    parts = [(row["points"], halves.get(row["action"], policy.score.half_life)) for row in line["contributions"]]
    return lambda after: round(sum(points * 2.0 ** (-after / half_life) for points, half_life in parts), 6)


def _standing(line: Mapping[str, Any]) -> list[str]:
    stage = line["stage"]
    lines = [f"stage {stage}: {_NEXT_STAGE[stage]}", f"role {line['role'] or 'none'}"]
    if line["segments"]:
        lines.append(f"segments {', '.join(line['segments'])}")
    if line["interests"]:
        lines.append("interests " + ", ".join(f"{row['category']} ({row['points']:.1f})" for row in line["interests"]))
    activity = f"last activity {_when(line['last_activity'])}" if line["last_activity"] else "no activity ever"
    lines.append(f"first seen {_when(line['first_seen'])}, last seen {_when(line['last_seen'])}, {activity}")
    return lines


def _contact(line: Mapping[str, Any]) -> list[str]:
    contact, mail = line["contact"], line["email"]
    if contact["allowed"]:
        lines = ["may be written to now"]
    else:
        until = contact["next_allowed_at"]
        lines = [f"must not be written to {f'before {_when(until)}' if until else 'until the reason ends'}"]
        lines.extend(f"{reason}: {REASONS.get(reason, reason)}" for reason in contact["reasons"])
    counts = ", ".join(f"{number} {kind}" for kind, number in mail.items() if number)
    lines.append(f"commercial messages: {counts or 'none'}")
    return lines


def _support(line: Mapping[str, Any], policy: Policy) -> list[str]:
    tickets = line["tickets"]
    lines = [
        f"{count(tickets['created'], 'ticket')} created, {tickets['solved']} solved, "
        f"{tickets['escalated']} escalated, {tickets['reopened']} reopened"
    ]
    judged = tickets["fcr_confirmed"] + tickets["fcr_missed"]
    if judged or tickets["fcr_pending"]:
        window = format_duration(policy.fcr_window)
        lines.append(
            f"first-contact resolution: {tickets['fcr_confirmed']} of {judged} confirmed, "
            f"{tickets['fcr_pending']} still inside the {window} window"
        )
    return lines


def _value(line: Mapping[str, Any]) -> list[str]:
    value, feedback = line["value"], line["satisfaction"]
    orders = count(value["orders"], "order")
    lines = [f"{orders}, revenue {value['revenue']} {value['currency']}, tier {value['tier']}"]
    if value["orders"]:
        lines.append(
            f"average order {value['average_order']}, recurring {value['recurring_revenue']}, "
            f"first {_when(value['first_purchase'])}, last {_when(value['last_purchase'])}"
        )
    if feedback["csat_last"] is not None:
        lines.append(f"satisfaction 1 to 5: last {feedback['csat_last']}, mean {feedback['csat_mean']:.2f}")
    if feedback["nps_last"] is not None:
        lines.append(f"would recommend, 0 to 10: last {feedback['nps_last']}")
    return lines


def _when(at: int | str | None) -> str:
    if at is None:
        return "unknown"
    text = format_instant(at if isinstance(at, int) else parse_instant(at))
    return f"{text[:10]} {text[11:19]} UTC"
