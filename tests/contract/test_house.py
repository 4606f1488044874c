"""The house's own conventions for the shell: lengths, names, and who may produce."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from schemas.topics import INPUTS

ROOT = Path(__file__).parents[2]
PACKAGES = ("agents", "streams", "schemas")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
LONGEST_FILE = 250
LONGER = {"streams/state.py": 260, "streams/apply.py": 260}
"""Catalogues that are read as a whole, and their own limits."""
LONGEST_AGENT = 25
FORBIDDEN_NAMES = {"utils", "helpers", "manager"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_file_is_too_long_to_read(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGER.get(name(path), LONGEST_FILE)


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_file_has_a_name_that_says_nothing(path: Path) -> None:
    assert path.stem not in FORBIDDEN_NAMES
    assert not path.stem.startswith("my_")


def test_every_input_topic_has_an_agent_of_its_name() -> None:
    found = {path.stem.replace("_", "-") for path in (ROOT / "agents" / "inputs").glob("[a-z]*.py")}
    assert found == set(INPUTS)


@pytest.mark.parametrize("path", sorted((ROOT / "agents" / "inputs").glob("[a-z]*.py")), ids=name)
def test_an_agent_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_AGENT


def test_only_deliver_produces_for_a_worker() -> None:
    tools = {
        "agents/demo", "agents/simulate", "agents/cli", "agents/local", "agents/produce.py", "agents/deadletters",
        "agents/repartition.py",
    }  # fmt: skip
    makers = set()
    for path in SOURCES:
        if any(name(path).startswith(tool) for tool in tools):
            continue
        tree = ast.parse(path.read_text())
        called = {getattr(node.func, "id", "") for node in ast.walk(tree) if isinstance(node, ast.Call)}
        if called & {"AIOKafkaProducer", "Producer", "KafkaProducer"}:
            makers.add(name(path))
    assert makers == {"agents/deliver.py"}


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_file_names_a_folder_of_the_machine_it_was_written_on(path: Path) -> None:
    text = path.read_text()
    assert not [folder for folder in ("/root/", "/home/", "/work/") if folder in text]


def test_no_app_is_made_when_a_module_is_imported() -> None:
    for path in (ROOT / "agents").rglob("*.py"):
        tree = ast.parse(path.read_text())
        made = [
            node
            for statement in tree.body
            if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            for node in ast.walk(statement)
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"create_app", "EngageApp"}
        ]
        assert not made, name(path)
