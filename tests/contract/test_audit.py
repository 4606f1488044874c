"""The dependency audit fails on what is known to be vulnerable, and does not take silence for health."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from agents.settings import Settings, secrets

ROOT = Path(__file__).parents[2]
FOUND = {"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["2.0.1"]}


def audit(tmp_path: Path, answer: dict[str, Any] | None, accepted: str = "") -> tuple[int, str]:
    """Run the script as ``make audit`` does, with a stand-in for pip-audit that gives this answer."""
    package, deploy = tmp_path / "found" / "pip_audit", tmp_path / "deploy" / "scripts"
    package.mkdir(parents=True)
    deploy.mkdir(parents=True)
    said = "raise SystemExit('no route')" if answer is None else f"print({json.dumps(answer)!r})"
    (package / "__main__.py").write_text(said)
    (package / "__init__.py").touch()
    (deploy / "audit.py").write_text((ROOT / "deploy/scripts/audit.py").read_text())
    (tmp_path / "deploy/accepted-vulnerabilities.txt").write_text(accepted)
    done = subprocess.run(
        [sys.executable, str(deploy / "audit.py")], env={**os.environ, "PYTHONPATH": str(package.parent)},
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    return done.returncode, done.stdout


def knowing(*vulnerabilities: dict[str, Any]) -> dict[str, Any]:
    return {"dependencies": [
        {"name": "good", "version": "1", "vulns": []},
        {"name": "bad", "version": "2.0.0", "vulns": list(vulnerabilities)},
        {"name": "unheard-of", "skip_reason": "not found"},
    ]}  # fmt: skip


def test_a_known_vulnerability_fails_with_the_package_and_the_version_that_mends_it(tmp_path: Path) -> None:
    code, said = audit(tmp_path, knowing(FOUND))
    assert code == 1
    assert "VULNERABLE: bad 2.0.0: PYSEC-1; mended in 2.0.1" in said
    assert "not known to the service: unheard-of" in said


def test_nothing_found_passes(tmp_path: Path) -> None:
    code, said = audit(tmp_path, knowing())
    assert (code, "3 packages looked up in pypi: 0 vulnerabilities" in said) == (0, True)


@pytest.mark.parametrize(("until", "code"), [("2999-01-01", 0), ("2020-01-01", 1)])
def test_an_accepted_one_passes_until_its_day_is_over(tmp_path: Path, until: str, code: int) -> None:
    assert audit(tmp_path, knowing(FOUND), f"# why\nCVE-1 {until} its parser is not used\n")[0] == code


@pytest.mark.parametrize("answer", [None, {"dependencies": [{"name": "good", "skip_reason": "not found"}]}])
def test_no_answer_is_told_as_not_checked_and_fails_nothing(tmp_path: Path, answer: dict[str, Any] | None) -> None:
    code, said = audit(tmp_path, answer)
    assert code == 0
    assert "NOTHING WAS CHECKED" in said


def test_every_accepted_vulnerability_has_a_day_and_a_reason() -> None:
    for line in (ROOT / "deploy/accepted-vulnerabilities.txt").read_text().splitlines():
        assert line.startswith("#") or len(line.split(maxsplit=2)) == 3


def test_the_tools_that_run_in_ci_are_targets_of_make() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in ("audit", "fuzz"):
        assert f"\n{target}:" in makefile
        assert f"make {target}" in (ROOT / ".ci/run").read_text()


def test_the_containers_that_hold_customers_cannot_gain_rights() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    for name, service in services.items():
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service.get("privileged") is None, name
        if "build" in service:
            assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])


def test_the_page_on_security_names_every_secret_and_only_settings_that_exist() -> None:
    named = {name.lower() for name in re.findall(r"`ENGAGE_([A-Z_]+)`", (ROOT / "deploy/security.md").read_text())}
    assert named - {"secrets_dir"} <= set(Settings.model_fields)
    assert secrets() <= named


def test_the_image_is_made_without_any_secret() -> None:
    lines = (ROOT / "deploy/Dockerfile").read_text()
    assert not re.search(r"^ARG|--secret", lines, re.MULTILINE)
    assert not [name for name in secrets() if name.upper() in lines.upper()]
