"""The command line as a person meets it: help, versions, and errors in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from agents.cli.main import COMMANDS, main


def engage(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_the_help_names_every_command_and_teaches_with_examples() -> None:
    shown = engage("--help")
    assert shown.exit_code == 0
    for name in COMMANDS:
        assert f"  {name} " in shown.output
    assert "engage replay events --out out" in shown.output


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str) -> None:
    shown = engage(name, "--help")
    assert shown.exit_code == 0
    assert f"engage {name}" in shown.output.split("Examples:")[1]


def test_the_version_is_that_of_the_package() -> None:
    from importlib.metadata import version

    assert version("engagement-engine") in engage("--version").output


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nonsense"], "No such command"),
        (["replay"], "Missing argument"),
        (["replay", "events"], "Missing option '--out'"),
        (["replay", "events", "--out", "out", "--until", "tomorrow"], "RFC 3339"),
        (["explain", "c-1"], "give one of"),
        (["policy", "diff", "a", "b"], "Missing option '--events'"),
        (["worker", "--set", "nonsense"], "NAME=VALUE"),
    ],
)
def test_wrong_usage_is_one_line_on_stderr_and_exit_code_2(arguments: list[str], expected: str) -> None:
    result = engage(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert expected in result.stderr


def test_wrong_input_is_one_line_on_stderr_and_exit_code_1(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("score: {half_lief: 7d}\n")
    for arguments, expected in (
        (["replay", tmp_path / "nowhere", "--out", tmp_path / "out"], "nowhere"),
        (["replay", policy, "--out", tmp_path / "out"], "expected a file named <topic>"),
        (["replay", tmp_path, "--out", tmp_path / "out", "--policy", policy], "half_lief"),
        (["replay", tmp_path, "--out", tmp_path / "out", "--policy", tmp_path / "none.yaml"], "none.yaml"),
        (["policy", "check", policy], "half_life"),
        (["worker", "--http-port", "99999"], "http_port"),
        (["worker", "--set", "colour=red"], "colour"),
    ):
        result = engage(*arguments)
        assert result.exit_code == 1, result.output
        assert result.stderr.count("\n") == 1
        assert expected in result.stderr
    assert not (tmp_path / "out").exists()


def test_an_unreachable_broker_is_one_line_and_exit_code_70(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.topicadmin._TIMEOUT_SECONDS", 1.0)
    result = engage("topics", "check", "--bootstrap", "127.0.0.1:1")
    assert result.exit_code == 70
    assert result.stderr.count("\n") == 1
    assert "127.0.0.1:1" in result.stderr


def test_the_installed_command_exits_as_it_says() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "agents.cli", "replay", "nowhere", "--out", "out"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.startswith("engage: ")
    assert found.stderr.count("\n") == 1
