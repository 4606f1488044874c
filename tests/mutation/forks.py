"""A pytest plugin: run all tests once, note which functions each calls, then each mutant in a fork.

A fork runs the tests that call the mutant's function until one fails: those first that killed its brothers, then the
quick ones. A mutant that outlives all of them, or ``cap`` processor seconds of them, is a survivor.
"""

from __future__ import annotations

import fnmatch
import gc
import json
import os
import random
import resource
import select
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from _pytest.runner import runtestprotocol

from tests.mutation.registry import FUNCTIONS, Mutated, called

_MEMORY: Final = 4 << 30
_PATIENCE: Final = 3.0
"""Processor seconds that a test may take in a mutant, at least: an endless loop is a kill."""
_FAVOURITES: Final = 5


class Options(NamedTuple):
    """``only``: pattern of function names. ``sample``: share of the mutants. ``skip``: mutants known to be killed."""

    out: Path
    only: str = "*"
    sample: float = 1.0
    seed: int = 1
    cap: float = 8.0
    jobs: int = 1
    again: Path | None = None


class Mutant(NamedTuple):
    """One to be tried."""

    function: Mutated
    name: str
    tests: list[int]


class Child(NamedTuple):
    """A fork and the pipe on which it names the test that killed it."""

    pid: int
    pipe: int
    mutant: Mutant


class Forks:
    """Takes the place of pytest's own loop over the tests."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.items: list[Any] = []
        self.seconds: list[float] = []
        self.verdicts: dict[str, str] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Baseline, mutants, and the results as JSON."""
        self.items = session.items
        callers = self._baseline()
        mutants = self._mutants(callers)
        gc.collect()
        gc.freeze()
        self._try(mutants)
        return True

    def _baseline(self) -> dict[int, list[int]]:
        callers: dict[int, list[int]] = {}
        for number, item in enumerate(self.items):
            called.clear()
            begun = time.process_time()
            if not _passes(item, self._after(number)):
                pytest.exit(f"{item.nodeid} fails without any mutant", returncode=2)
            self.seconds.append(time.process_time() - begun)
            for function in called:
                callers.setdefault(function, []).append(number)
        print(f"{len(self.items)} tests in {sum(self.seconds):.0f} s; {len(FUNCTIONS)} functions", flush=True)
        return callers

    def _after(self, number: int) -> Any:
        return self.items[number + 1] if number + 1 < len(self.items) else None

    def _mutants(self, callers: dict[int, list[int]]) -> list[Mutant]:
        dice = random.Random(self.options.seed)
        before = json.loads(self.options.again.read_text()) if self.options.again else {}
        found = []
        for number, function in enumerate(FUNCTIONS):
            tests = sorted(callers.get(number, []), key=self.seconds.__getitem__)
            for name in function.names():
                key = f"{function.name} {name}"
                if before.get(key, "survived") not in ("survived", "not called"):
                    self.verdicts[key] = before[key]
                elif fnmatch.fnmatch(function.name, self.options.only) and dice.random() < self.options.sample:
                    found.append(Mutant(function, name, tests))
        dice.shuffle(found)
        return found

    def _try(self, mutants: list[Mutant]) -> None:
        killers: dict[str, Counter[int]] = {}
        running: dict[int, Child] = {}
        waiting = iter(mutants)
        begun, done = time.monotonic(), 0
        while True:
            while len(running) < self.options.jobs and (mutant := next(waiting, None)) is not None:
                if not mutant.tests:
                    self._note(mutant, "not called")
                    done += 1
                    continue
                child = self._fork(mutant, killers.setdefault(mutant.function.name, Counter()))
                running[child.pipe] = child
            if not running:
                break
            for pipe in select.select(list(running), [], [])[0]:
                child = running.pop(pipe)
                word = os.read(pipe, 64).decode()
                os.close(pipe)
                _, status = os.waitpid(child.pid, 0)
                self._note(child.mutant, self._verdict(word, status))
                if word.isdigit():
                    killers[child.mutant.function.name][int(word)] += 1
                done += 1
                if not done % 100:
                    alive = sum(verdict in ("survived", "not called") for verdict in self.verdicts.values())
                    print(f"{done}/{len(mutants)} {time.monotonic() - begun:.0f} s, {alive} alive", flush=True)
                    self._write()
        self._write()

    def _write(self) -> None:
        self.options.out.write_text(json.dumps(self.verdicts, indent=0, sort_keys=True))

    def _note(self, mutant: Mutant, verdict: str) -> None:
        self.verdicts[f"{mutant.function.name} {mutant.name}"] = verdict

    def _verdict(self, word: str, status: int) -> str:
        if word == "survived":
            return word
        return self.items[int(word)].nodeid if word.isdigit() else f"died with {status}"

    def _fork(self, mutant: Mutant, killers: Counter[int]) -> Child:
        favourites = [number for number, _ in killers.most_common(_FAVOURITES)]
        order = [*favourites, *(number for number in mutant.tests if number not in favourites)]
        read, write = os.pipe()
        pid = os.fork()
        if pid:
            os.close(write)
            return Child(pid, read, mutant)
        word = "died"
        try:
            word = self._in_child(mutant, order)
        finally:
            os.write(write, word.encode())
            os._exit(0)

    def _in_child(self, mutant: Mutant, order: list[int]) -> str:
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        sys.setrecursionlimit(2_000)
        mutant.function.become(mutant.name)
        begun = time.process_time()
        for number in order:
            signal.setitimer(signal.ITIMER_PROF, max(_PATIENCE, 30 * self.seconds[number]))
            if not _passes(self.items[number], None):
                return str(number)
            if time.process_time() - begun > self.options.cap:
                break
        return "survived"


def _passes(item: Any, after: Any) -> bool:
    return not any(report.failed for report in runtestprotocol(item, log=False, nextitem=after))


def pytest_configure(config: pytest.Config) -> None:
    """Take over when there are options in the environment."""
    found = json.loads(os.environ["ENGAGE_MUTATION"])
    again = found.pop("again", None)
    options = Options(Path(found.pop("out")), **found, again=Path(again) if again else None)
    config.pluginmanager.register(Forks(options), "forks")
