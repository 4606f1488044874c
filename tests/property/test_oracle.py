"""The product and the naive reference agree on random histories, whatever the policy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from agents.cli.main import main
from schemas.times import format_instant
from tests.oracle.check import compare
from tests.oracle.policies import POLICIES
from tests.oracle.replay import Streams, replay
from tests.oracle.world import START, World


def differences(folder: Path, streams: Streams, policy: dict[str, Any], until: int | None = None) -> list[str]:
    """Replay the lines by the command line and by the reference, and compare all that is written."""
    source, out = folder / "in", folder / "out"
    source.mkdir(parents=True)
    for topic, lines in streams.items():
        (source / f"{topic}.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
    (folder / "policy.yaml").write_text(yaml.safe_dump(policy))
    asked = ["replay", str(source), "--out", str(out), "--policy", str(folder / "policy.yaml")]
    if until is not None:
        asked += ["--until", format_instant(until)]
    ran = CliRunner().invoke(main, asked)
    assert ran.exit_code == 0, ran.output
    reference = replay(streams, policy, until)
    found = compare(out, reference)
    summary = json.loads(ran.stdout.splitlines()[-1])
    if summary != reference.summary:
        found.append(f"summary: product {summary}, reference {reference.summary}")
    return found


@pytest.mark.timeout(120)
@pytest.mark.parametrize("policy", sorted(POLICIES))
@pytest.mark.parametrize("seed", range(3))
def test_an_orderly_world_comes_out_as_the_contract_says(tmp_path: Path, seed: int, policy: str) -> None:
    world = World(seed, 150, late=0, bad=0, double=0, leap=0.03 * (seed % 3))
    assert differences(tmp_path, world.lines(), POLICIES[policy]) == []


@pytest.mark.timeout(60)
@pytest.mark.parametrize("policy", sorted(POLICIES))
@pytest.mark.parametrize("seed", range(100, 103))
def test_a_nasty_world_comes_out_as_the_contract_says(tmp_path: Path, seed: int, policy: str) -> None:
    world = World(seed, 150, leap=0.03 * (seed % 3))
    assert differences(tmp_path, world.lines(), POLICIES[policy], START + seed * 86_400_000 // 2) == []
