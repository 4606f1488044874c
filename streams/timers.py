"""Names of timers and cooldowns: a rule and what it is about, in one key that sorts as CONTRACT B1 asks."""

from __future__ import annotations

from collections.abc import Iterable

_SEPARATOR = "\x1f"


def key(rule: str, about: str | None = None) -> str:
    """One key of a rule and its subject."""
    return f"{rule}{_SEPARATOR}{about or ''}"


def parts(name: str) -> tuple[str, str]:
    """The rule and the subject of a key."""
    rule, _, about = name.partition(_SEPARATOR)
    return rule, about


def of_rule(names: Iterable[str], rule: str) -> list[str]:
    """Those of the keys that are of a rule."""
    start = rule + _SEPARATOR
    return [name for name in names if name.startswith(start)]
