"""Write a mutated copy of each module of a package; run by the Python that has mutmut, and by no other.

    python generate.py FROM TO

A function ``f`` becomes ``f`` itself, under a decorator that registers it, beside all of its mutants.
"""

from __future__ import annotations

import sys
from pathlib import Path

from mutmut.mutation.file_mutation import mutate_file_contents

_THEIRS = "from mutmut.mutation.trampoline import"
_OURS = "from tests.mutation.registry import"


def main(source: Path, target: Path) -> None:
    """Mutate every module under ``source``."""
    for path in sorted(source.rglob("*.py")):
        mutated = mutate_file_contents(str(path), path.read_text())
        (target / path.relative_to(source)).write_text(mutated.code.replace(_THEIRS, _OURS))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
