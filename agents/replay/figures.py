"""The figures across customers of a replay: the one place that knows how ``streams.kpis`` is used here."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, cast

from schemas.policy import Policy
from streams.measures import Fact


class Figures(Protocol):
    """Adds up facts."""

    def add(self, facts: Iterable[Fact]) -> None:
        """Count the facts of some decisions."""
        ...

    def document(self) -> Mapping[str, Any]:
        """The content of ``kpis.json`` (CONTRACT 10)."""
        ...


class NoFigures:
    """Counts nothing."""

    def add(self, facts: Iterable[Fact]) -> None:
        """Take the facts and forget them."""

    def document(self) -> Mapping[str, Any]:
        """An empty document."""
        return {"total": {}, "by_day": {}}


def figures(policy: Policy) -> Figures:
    """A counter of facts under a policy."""
    if importlib.util.find_spec("streams.kpis") is None:
        return NoFigures()
    return cast("Figures", importlib.import_module("streams.kpis").Kpis(policy))
