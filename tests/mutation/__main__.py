"""``python -m tests.mutation``: how many mutants of the core the tests kill, and which survive."""

from __future__ import annotations

import difflib
import inspect
import json
import os
import shutil
import subprocess
import sys
import venv
from collections import Counter
from pathlib import Path
from typing import Final

import click

ROOT: Final = Path(__file__).resolve().parents[2]
HOME: Final = ROOT / ".mutation"
TESTS: Final = (
    "tests/unit/contract", "tests/unit/streams", "tests/golden", "tests/unit/test_kpis.py",
    "tests/unit/test_measures.py", "tests/unit/cli/test_wording.py", "tests/unit/cli/test_explain.py",
)  # fmt: skip
MUTMUT: Final = "mutmut==3.8.1"
"""In an environment of its own: it needs a click that Faust cannot live with."""
ALIVE: Final = ("survived", "not called")


def prepare(tree: Path) -> None:
    """Copy the repository, with a mutated core."""
    tool = HOME / "tool"
    if not (tool / "bin" / "python").exists():
        venv.create(tool, with_pip=True)
        subprocess.run([tool / "bin" / "pip", "install", "--quiet", MUTMUT], check=True)
    shutil.rmtree(tree, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True)
    for name in listed.stdout.decode().splitlines():
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    (HOME / "setup.cfg").write_text(f"[mutmut]\nsource_paths={ROOT / 'streams'}\n")
    generate = Path(__file__).with_name("generate.py")
    command = [tool / "bin" / "python", generate, ROOT / "streams", tree / "streams"]
    subprocess.run(command, cwd=HOME, check=True)


def difference(tree: Path, key: str) -> str:
    """What a mutant changes, as the lines of a diff."""
    function, mutant = key.split(" ")
    module = function.split(".")
    path = next(
        found
        for size in range(len(module), 0, -1)
        for found in (tree.joinpath(*module[:size]).with_suffix(".py"), tree.joinpath(*module[:size], "__init__.py"))
        if found.is_file()
    )
    original = mutant.rpartition("__mutmut_")[0] + "__mutmut_orig"
    before, after = (_source(path, name) for name in (original, mutant))
    lines = difflib.unified_diff(before[1:], after[1:], lineterm="", n=0)
    return "\n".join(line.rstrip() for line in lines if not line.startswith(("---", "+++", "@@")))


def _source(path: Path, function: str) -> list[str]:
    lines = path.read_text().splitlines()
    begin = next(number for number, line in enumerate(lines) if line.lstrip().startswith(f"def {function}("))
    return inspect.getblock([f"{line}\n" for line in lines[begin:]])


@click.command()
@click.option("--only", default="*", show_default=True, help="Pattern of functions: streams.level.*")
@click.option("--sample", default=1.0, show_default=True, help="Share of the mutants to try.")
@click.option("--seed", default=1, show_default=True, help="Of the sample.")
@click.option(
    "--cap", default=8.0, show_default=True, help="Processor seconds of tests after which a mutant has survived."
)
@click.option("--jobs", default=1, show_default=True, help="Mutants at a time.")
@click.option("--again", is_flag=True, help="Only those that survived the last run.")
@click.option("--tests", multiple=True, default=TESTS, show_default=True, help="What is to kill them.")
@click.option("--tree", default=str(HOME / "tree"), type=click.Path(path_type=Path), help="Where mutants are written.")
def main(
    only: str, sample: float, seed: int, cap: float, jobs: int, again: bool, tests: tuple[str, ...], tree: Path
) -> None:
    """Try the mutants of streams/ against its tests; prints what was killed by module, and the survivors."""
    prepare(tree)
    out = HOME / "verdicts.json"
    options = {"out": str(out), "only": only, "sample": sample, "seed": seed, "cap": cap, "jobs": jobs}
    if again:
        options["again"] = str(out)
    environment = {**os.environ, "ENGAGE_MUTATION": json.dumps(options), "PYTHONPATH": str(tree)}
    command = [sys.executable, "-m", "pytest", "-p", "tests.mutation.forks", "-p", "no:cacheprovider", *tests]
    subprocess.run(
        [*command, "--timeout", "0", "--assert", "plain", "--tb", "native"], cwd=tree, env=environment, check=True
    )
    report(json.loads(out.read_text()), tree)


def report(verdicts: dict[str, str], tree: Path) -> None:
    """Print the table and the survivors."""
    totals: Counter[str] = Counter()
    alive: Counter[str] = Counter()
    survivors = []
    for key, verdict in sorted(verdicts.items()):
        module = ".".join(part for part in key.split(" ")[0].split(".")[:-1] if not part[:1].isupper())
        totals[module] += 1
        if verdict in ALIVE:
            alive[module] += 1
            survivors.append(f"{key}\n{difference(tree, key)}\n")
    for module, total in sorted(totals.items()):
        click.echo(f"{module:40} {total:5} mutants {total - alive[module]:5} killed {1 - alive[module] / total:7.1%}")
    (HOME / "survivors.txt").write_text("\n".join(survivors))
    total, left = totals.total(), alive.total()
    click.echo(f"{'all':40} {total:5} mutants {total - left:5} killed {1 - left / max(1, total):7.1%}")
    click.echo(f"Survivors: {HOME / 'survivors.txt'}")


if __name__ == "__main__":
    main()
