"""The demo as a person runs it: one command, no server, no terminal."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_demo_shows_triggers_levels_and_bad_records_and_ends_by_itself(tmp_path: object) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "agents.cli", "demo", "--seconds", "5", "--data", str(tmp_path)],
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stdout + found.stderr
    assert "broker at 127.0.0.1:" in found.stdout
    for kind in ("level", "dead letter", "cart_abandoned", "stage_changed"):
        assert f" s {kind}" in found.stdout, kind
    summary = found.stdout.split("Done in")[1]
    for reason in ("key_mismatch 1", "not_json", "schema", "unknown_type"):
        assert reason in summary
    assert "Why " in summary
    assert "What next" in summary
    assert "\x1b[" not in found.stdout
