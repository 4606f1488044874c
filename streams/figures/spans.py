"""Spans as mergeable counts: each is kept to three significant digits, so a median is within 0.5 % (CONTRACT B32)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_DIGITS = 3


def bucket(span: int) -> int:
    """A span (ms) to three significant digits; one below zero, which disorder in time can make, counts as zero."""
    if span <= 0:
        return 0
    step = int(10 ** max(0, len(str(span)) - _DIGITS))
    return (span + step // 2) // step * step


def median_seconds(counts: Mapping[int, int]) -> float | None:
    """The median, in seconds, of so many spans of each bucket; None of nothing."""
    total = sum(counts.values())
    if total <= 0:
        return None
    low, high = _at(counts, (total - 1) // 2), _at(counts, total // 2)
    return (low + high) / 2_000


def _at(counts: Mapping[int, int], place: int) -> int:
    passed = 0
    for span in sorted(counts):
        passed += counts[span]
        if place < passed:
            return span
    return 0
