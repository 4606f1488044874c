"""Write a simulation to topic files."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from agents.simulate.settings import Settings
from agents.simulate.stream import events
from schemas.topics import INPUTS

BUFFER_BYTES = 1 << 20
PROGRESS_EVERY = 10_000


def write(settings: Settings, out: Path, on_progress: Callable[[int], None] | None = None) -> Counter[str]:
    """Write ``<topic>.jsonl`` for all six topics to ``out``, made if missing; how many events each got.

    ``on_progress`` is told now and then how many events are written.

    Raises:
        OSError: ``out`` cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    counts: Counter[str] = Counter(dict.fromkeys(INPUTS, 0))
    with contextlib.ExitStack() as stack:
        files = {
            topic: stack.enter_context((out / f"{topic}.jsonl").open("wb", buffering=BUFFER_BYTES)) for topic in INPUTS
        }
        for number, (topic, _, value) in enumerate(events(settings), 1):
            files[topic].write(value + b"\n")
            counts[topic] += 1
            if on_progress and number % PROGRESS_EVERY == 0:
                on_progress(number)
    return counts
