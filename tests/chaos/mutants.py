"""Engines with one defect each, run as ``python -m tests.chaos.mutants NAME worker ...``: a harness must find them.

``state_first``: the changelog in a transaction of its own, then the outputs in another. ``no_fence``: a transactional
id that no other worker knows, so that a worker thought dead is not shut out.
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from agents import deliver
from agents.changelog import Change
from agents.cli.main import main
from agents.deliver import Delivery, Record


def state_first() -> None:
    """State and applied offsets are written before the outputs that they stand for."""
    together = Delivery._in_transaction

    async def apart(self: Delivery, outputs: Sequence[Record], changes: Sequence[Change]) -> int | None:
        position = await together(self, (), changes)
        if outputs:
            await together(self, outputs, ())
        return position

    Delivery._in_transaction = apart  # type: ignore[method-assign]


def no_fence() -> None:
    """Every producer has a transactional id of its own."""
    make = deliver.AIOKafkaProducer

    def producer(**options: Any) -> Any:
        if "transactional_id" in options:
            options["transactional_id"] = f"mutant-{uuid.uuid4()}"
        return make(**options)

    deliver.AIOKafkaProducer = producer


MUTANTS: dict[str, Callable[[], None]] = {"state_first": state_first, "no_fence": no_fence}

if __name__ == "__main__":
    MUTANTS[sys.argv.pop(1)]()
    main()
