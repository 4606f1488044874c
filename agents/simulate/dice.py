"""The one source of chance: everything that is drawn follows from the seed."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Draws that are the same for the same seed, on every platform and Python version.

    Only ``random()`` of the standard generator is used: that sequence is guaranteed by the language.
    """

    def __init__(self, seed: int) -> None:
        """Start the sequence of ``seed``, which also marks every name that is given out."""
        self.random = random.Random(seed).random  # noqa: S311
        self._mark = format(abs(seed), "x")
        self._names = 0

    def chance(self, share: float) -> bool:
        """True in ``share`` of the draws."""
        return self.random() < share

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, each as likely."""
        return choices[int(self.random() * len(choices))]

    def whole(self, first: int, last: int) -> int:
        """A whole number from ``first`` to ``last``."""
        return first + int(self.random() * (last - first + 1))

    def wait(self, mean: float) -> float:
        """A span that is short often and long sometimes, ``mean`` on average."""
        return -math.log(1.0 - self.random()) * mean

    def name(self, prefix: str) -> str:
        """A name that was not given out before."""
        self._names += 1
        return f"{prefix}-{self._mark}-{self._names:x}"
