"""Words for what the engine says: reasons of the contact allowance, and trigger firings with their evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

REASONS = {
    "schedule": "the contact schedule has no room now",
    "rolling_cap": "the cap on messages over the last days is reached",
    "unsubscribed": "unsubscribed; lasts until the customer is erased",
    "complained": "reported a message as spam; lasts until the customer is erased",
    "hard_bounced": "the address does not exist; lasts until the customer is erased",
    "no_consent": "the profile says marketing_consent false",
    "fatigued": "the last messages were neither opened nor clicked; over with the next open or click",
    "open_escalation": "an escalated ticket is not solved yet",
}
"""Why a customer must not be written to now (CONTRACT 4)."""

_LONG = 5
_WIDE = 60


def count(number: int, noun: str) -> str:
    """``1 event``, ``2 events``, ``1,000 events``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def trigger_sentence(data: Mapping[str, Any]) -> str:
    """One line for a firing, from the ``data`` of its CloudEvent: when, what, about what, and the evidence."""
    about = f" ({data['subject']})" if data.get("subject") else ""
    evidence = phrase(data.get("evidence") or {})
    return f"{data['at'][:10]} {data['at'][11:19]} {data['trigger']}{about}{f': {evidence}' if evidence else ''}"


def phrase(evidence: Mapping[str, Any]) -> str:
    """The evidence as ``name value`` pairs; long lists and texts are cut, what is not known is left out."""
    return ", ".join(
        f"{name.replace('_', ' ')} {_short(value)}" for name, value in evidence.items() if value is not None
    )


def _short(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    if isinstance(value, Mapping):
        return "(" + phrase(value) + ")"
    if isinstance(value, (list, tuple)):
        shown = ", ".join(_short(item) for item in value[:_LONG])
        return f"[{shown}{f', and {len(value) - _LONG} more' if len(value) > _LONG else ''}]"
    text = str(value)
    return text if len(text) <= _WIDE else text[: _WIDE - 1] + "…"
