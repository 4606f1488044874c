"""``make fuzz``: inputs for so long, guided by the code that they reach where atheris is installed.

An input that breaks something is written to a file, which belongs into tests/fuzz/regressions with the mending.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import sys
import time
from pathlib import Path
from random import Random
from typing import Any


def main() -> None:
    """Run; exit code 1 (77 from atheris) when something broke."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--found", type=Path, default=Path("out/fuzz"), help="where what breaks is written")
    parser.add_argument("--plain", action="store_true", help="without atheris")
    chosen = parser.parse_args()
    chosen.found.mkdir(parents=True, exist_ok=True)
    if chosen.plain or importlib.util.find_spec("atheris") is None:
        sys.exit(unguided(chosen.seconds, chosen.seed, chosen.found))
    guided(chosen.seconds, chosen.seed, chosen.found)


def unguided(seconds: int, seed: int, folder: Path) -> int:
    """Mutations of the examples, one after the other."""
    from tests.fuzz.mutations import damage, make
    from tests.fuzz.target import run

    pick, end, inputs, events = Random(seed), time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        data = make(pick)
        if pick.random() < 0.5:
            data = damage(data, pick)
        inputs += 1
        try:
            events += run(data)
        except Exception as failure:
            path = folder / f"crash-{hashlib.sha1(data, usedforsecurity=False).hexdigest()}"
            path.write_bytes(data)
            print(f"{path}: {type(failure).__name__}: {failure}\n{data[:400]!r}")
            return 1
    print(f"{inputs} inputs in {seconds} s, with {events} events in them: nothing broke")
    return 0


def guided(seconds: int, seed: int, folder: Path) -> None:
    """The same by libFuzzer, which keeps inputs that reach new code and changes those."""
    import atheris

    with atheris.instrument_imports(include=["schemas", "streams"]):
        from tests.fuzz.mutations import damage, make, seeds
        from tests.fuzz.target import run

    def change(data: bytes, most: int, number: int) -> bytes:
        pick = Random(number)
        kind = pick.random()
        if kind < 0.4:
            return atheris.Mutate(data, most)  # type: ignore[no-any-return]
        return (make(pick) if kind < 0.6 or not data else damage(data, pick))[:most]

    def one(data: bytes) -> Any:
        run(bytes(data))

    corpus = folder / "corpus"
    corpus.mkdir(exist_ok=True)
    for number, data in enumerate(seeds()):
        (corpus / f"seed-{number:03}").write_bytes(data)
    options = [f"-max_total_time={seconds}", f"-seed={seed}", "-max_len=8000", "-timeout=20", "-rss_limit_mb=4096"]
    quiet = ["-verbosity=0", "-print_final_stats=1", f"-artifact_prefix={folder}/"]
    atheris.Setup(["fuzz", *options, *quiet, str(corpus)], one, custom_mutator=change)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
