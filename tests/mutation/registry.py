"""Every function that has mutants; one of them takes its place by a change of code, wherever it was imported to."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

MutantDict = dict[str, FunctionType]


@dataclass
class Mutated:
    """A function, its mutants by name, and whether it was called since ``called`` was last cleared."""

    function: FunctionType
    mutants: MutantDict = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Module and name: ``streams.level.floor_of``."""
        return f"{self.function.__module__}.{self.function.__qualname__}"

    def names(self) -> list[str]:
        """Of its mutants."""
        return [name for name in self.mutants if name != "_mutmut_orig"]

    def become(self, name: str) -> None:
        """Be this mutant from now on, in this process."""
        mutant = self.mutants[name]
        self.function.__code__ = mutant.__code__
        self.function.__defaults__ = mutant.__defaults__
        self.function.__kwdefaults__ = mutant.__kwdefaults__


FUNCTIONS: list[Mutated] = []
called: set[int] = set()
"""Indices in ``FUNCTIONS`` of what was called."""


def wrap_in_trampoline(mutants: MutantDict, is_classmethod: bool = False) -> Callable[[Any], Any]:
    """Register a function with its mutants, which are filled in later."""

    def register(function: Any) -> Any:
        number = len(FUNCTIONS)
        FUNCTIONS.append(Mutated(function, mutants))

        @functools.wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            called.add(number)
            return function(*arguments, **named)

        return call

    return register
