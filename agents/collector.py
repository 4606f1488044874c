"""How often a worker's process looks for garbage that counting references does not free."""

from __future__ import annotations

import gc
from typing import Final

_THRESHOLDS: Final = (50_000, 20, 100)


def collect_garbage_rarely() -> None:
    """Tune this process's collector for many long-lived states: by default it takes a quarter of the time.

    States are trees, freed by counting; only what asyncio leaves behind needs the collector.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
