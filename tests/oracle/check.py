"""Readable differences between what the product wrote and the reference."""

from __future__ import annotations

import base64
import json
from collections import Counter
from pathlib import Path
from typing import Any

from schemas.times import parse_instant
from tests.oracle.replay import Result

FIRING = ("customer_id", "trigger", "subject", "cause", "at", "score", "level")
TINY = 1e-4


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(text) for text in path.read_text().splitlines()]


def compare(out: Path, reference: Result) -> list[str]:
    """The differences between a replay's folder and the reference, one line each; none when they agree."""
    envelopes = _read(out / "triggers.jsonl")
    firings = [e["data"] for e in envelopes if e["type"] == "engagement.trigger.fired.v1"]
    erased = [e["data"]["customer_id"] for e in envelopes if e["type"] == "engagement.customer.erased.v1"]
    changes = [e["data"] for e in _read(out / "score-changes.jsonl")]
    letters = [
        (d["reason"], d["topic"], d["offset"], base64.b64encode(base64.b64decode(d["value"])).decode())
        for d in _read(out / "dead-letters.jsonl")
    ]
    found = _bags("trigger", [_firing(d) for d in firings], [_firing(d) for d in reference.triggers])
    found += _bags("erased", erased, [e["customer_id"] for e in reference.erased])
    found += _bags("dead letter", [(*d[:3], hash(d[3])) for d in letters],
                   [(*d[:3], hash(d[3])) for d in reference.dead_letters])  # fmt: skip
    found += _changes(changes, reference.score_changes)
    found += _customers(_read(out / "customers.jsonl"), reference.customers)
    return found + _kpis(json.loads((out / "kpis.json").read_text()), reference.kpis)


def _moment(at: Any) -> int:
    return int(parse_instant(at)) if isinstance(at, str) else int(at)


def _firing(data: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(_moment(data[k]) if k == "at" else data[k] for k in FIRING)


def _bags(what: str, ours: list[Any], wanted: list[Any]) -> list[str]:
    left, right = Counter(ours), Counter(wanted)
    return [f"{what} only in the product: {x}" for x in sorted((left - right).elements(), key=str)] + [
        f"{what} only in the reference: {x}" for x in sorted((right - left).elements(), key=str)
    ]


def _changes(ours: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> list[str]:
    def keyed(rows: list[dict[str, Any]]) -> dict[Any, dict[str, Any]]:
        return {(r["customer_id"], _moment(r["at"]), r["cause"]): r for r in rows}

    left, right = keyed(ours), keyed(wanted)
    found = _bags("score change", list(left), list(right))
    for key in sorted(left.keys() & right.keys()):
        for name in ("previous", "current", "raw", "contributions"):
            found += _differs(f"score change {key} {name}", left[key][name], right[key][name])
    return found


def _customers(ours: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> list[str]:
    left, right = ({r["customer_id"]: _settled(r) for r in rows} for rows in (ours, wanted))
    found = _bags("customer", list(left), list(right))
    for name in sorted(left.keys() & right.keys()):
        found += _differs(f"customer {name}", left[name], right[name])
    return found


def _settled(row: dict[str, Any]) -> dict[str, Any]:
    """The line without interests that have all but faded."""
    return {**row, "interests": [i for i in row["interests"] if i["points"] > TINY]}


def _differs(path: str, ours: Any, wanted: Any, close: float = 2e-6) -> list[str]:
    """Differences of two values, numbers within ``close`` and text that is money by amount."""
    if isinstance(ours, dict) and isinstance(wanted, dict):
        return [
            text
            for key in sorted(ours.keys() | wanted.keys(), key=str)
            for text in _differs(f"{path}.{key}", ours.get(key, "(absent)"), wanted.get(key, "(absent)"), close)
        ]
    if isinstance(ours, list) and isinstance(wanted, list) and len(ours) == len(wanted):
        pairs = enumerate(zip(ours, wanted, strict=True))
        return [text for i, (a, b) in pairs for text in _differs(f"{path}[{i}]", a, b, close)]
    numeric = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (ours, wanted))
    if numeric and abs(ours - wanted) <= close:
        return []
    return [] if ours == wanted else [f"{path}: product {ours!r}, reference {wanted!r}"]


SHARED = ("fcr", "csat", "nps", "tickets", "funnel", "revenue", "recurring_revenue", "orders")
NAMED = {
    "product": ("fcr", "csat", "tickets"),
    "channel": ("fcr", "tickets"),
    "stage": ("fcr", "tickets"),
    "campaign": ("sent", "openers", "clickers", "unsubscribes", "direct", "influenced"),
}
CLOSE_MEDIANS = ("median_first_reply_seconds", "median_resolution_seconds")


def _kpis(ours: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    names = (*SHARED, "conversion", "levels", "roles", "segments")
    found = _figures("kpis total", ours["total"], wanted["total"], names)
    for dimension, parts in NAMED.items():
        left, right = ours["total"].get("by", {}).get(dimension, {}), wanted["total"]["by"][dimension]
        for each in sorted(left.keys() | right.keys()):
            found += _figures(f"kpis by {dimension} {each}", left.get(each, {}), right.get(each, {}), parts)
    for day in sorted(ours["by_day"].keys() | wanted["by_day"].keys()):
        found += _figures(f"kpis {day}", ours["by_day"].get(day, {}), wanted["by_day"].get(day, {}), SHARED)
    return found


def _figures(path: str, ours: dict[str, Any], wanted: dict[str, Any], names: tuple[str, ...]) -> list[str]:
    found = []
    for name in names:
        left, right = _plain(ours.get(name)), _plain(wanted.get(name))
        if isinstance(left, dict) and isinstance(right, dict) and name == "tickets":
            for median in CLOSE_MEDIANS:
                a, b = left.pop(median, None), right.pop(median, None)
                if (a is None) != (b is None) or (a is not None and abs(a - b) > 0.011 * abs(b) + 0.01):
                    found.append(f"{path}.tickets.{median}: product {a!r}, reference {b!r}")
        found += _differs(f"{path}.{name}", left, right, close=0.01)
    return found


def _plain(value: Any) -> Any:
    """Figures without those that are zero or null, so that an absent one and a zero agree."""
    if isinstance(value, dict):
        kept = {k: _plain(v) for k, v in value.items()}
        return {k: v for k, v in kept.items() if v not in (0, None, {}, "0")} or None
    return value if value not in (0, None) else None
