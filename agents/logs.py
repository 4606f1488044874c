"""What a worker logs, and how often: the client library repeats itself many times a second while no broker answers."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from agents.settings import Settings

_REPEATS_ITSELF: Final = "aiokafka"
LIBRARIES: Final = ("faust", "mode", _REPEATS_ITSELF)
_SECONDS: Final = 10.0
_MOST: Final = 1_000
"""Templates remembered: a library that fills in its own text must not fill the memory."""
_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s %(message)s"


class Seldom(logging.Filter):
    """Lets the client library say the same thing once in some seconds, and then how often it was said meanwhile.

    The same is what has one logger, level and template: nodes and errors that are filled in may differ.
    """

    def __init__(self, seconds: float = _SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._seconds = seconds
        self._clock = clock
        self._said: dict[tuple[str, int, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this one is logged; its message may have become longer."""
        if record.name.partition(".")[0] != _REPEATS_ITSELF:
            return True
        what, now = (record.name, record.levelno, str(record.msg)), self._clock()
        if len(self._said) > _MOST:
            self._said.clear()
        at, held_back = self._said.get(what, (-self._seconds, 0))
        if now - at < self._seconds:
            self._said[what] = (at, held_back + 1)
            return False
        self._said[what] = (now, 0)
        if held_back:
            record.msg, record.args = f"{record.getMessage()} ({held_back} more like this since the last)", ()
        return True


def configure(settings: Settings) -> None:
    """Log to standard error, one line each; of libraries warnings and worse; the client's seldom, except at debug."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    logging.basicConfig(level=level, format=_FORMAT, force=True)
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(max(logging.WARNING, level))
    if level > logging.DEBUG:
        for handler in logging.getLogger().handlers:
            handler.addFilter(Seldom())
