"""The demo as a person runs it: one command, no server, no terminal."""

from __future__ import annotations

import re
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
    live, summary = found.stdout.split("Done in")
    assert re.search(r"^ +\d+ s dead letter +clickstream: not_json: ", live, re.MULTILINE)
    assert re.search(r"^ +\d+ s [a-z]+_[a-z_]+ +\S+", live, re.MULTILINE), "no trigger was shown"
    for word in ("key_mismatch 1", "not_json", "schema", "unknown_type", "cart_abandoned", "stage_changed"):
        assert word in summary
    assert "Why " in summary
    assert "What next" in summary
    assert "\x1b[" not in found.stdout
