#!/usr/bin/env python3
"""Look for known vulnerabilities in what constraints.txt names, with pip-audit; run it by `make audit`.

Exit 0: none, or only accepted ones, or no service of vulnerabilities answers (it says so: nothing was checked then).
Exit 1: a vulnerability that is not accepted; each is named with its package and the versions that mend it.
Accepted ones are in deploy/accepted-vulnerabilities.txt, one a line: the id, the day until which it is accepted, why.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CONSTRAINTS = ROOT / "constraints.txt"
ACCEPTED = ROOT / "deploy" / "accepted-vulnerabilities.txt"
SERVICES = ("pypi", "osv")
SECONDS = 120


def accepted(text: str, today: date) -> dict[str, str]:
    """Id -> why; what was accepted until a day that is over is left out."""
    found = {}
    for line in text.splitlines():
        name, _, rest = line.strip().partition(" ")
        until, _, why = rest.strip().partition(" ")
        if name and not name.startswith("#") and date.fromisoformat(until) >= today:
            found[name] = why
    return found


def ask(service: str) -> tuple[list[dict[str, Any]], str]:
    """The packages as a service knows them, or none of them and why."""
    command = [
        sys.executable, "-m", "pip_audit", "--vulnerability-service", service, "--requirement", str(CONSTRAINTS),
        "--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off", "--timeout", "10",
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        return [], f"no answer in {SECONDS} s"
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return [], (done.stderr.strip().splitlines() or ["it said nothing"])[-1][:200]
    known = [package for package in packages if "vulns" in package]
    return (packages, "") if known else ([], f"it knows none of the {len(packages)} packages")


def report(packages: list[dict[str, Any]], fine: dict[str, str]) -> int:
    """Say what was found; how many vulnerabilities are not accepted."""
    bad = 0
    for package in packages:
        place = f"{package['name']} {package.get('version', '')}"
        if "vulns" not in package:
            print(f"not known to the service: {place}")
        for found in package.get("vulns", []):
            names = {found["id"], *found.get("aliases", [])}
            why = next((fine[name] for name in sorted(names & fine.keys())), None)
            mended = ", ".join(found.get("fix_versions", [])) or "no version yet"
            bad += why is None
            word = "VULNERABLE" if why is None else "accepted"
            print(f"{word}: {place}: {found['id']}; mended in {mended}", why or "")
    return bad


def main() -> int:
    """Ask one service after the other until one knows the packages."""
    fine = accepted(ACCEPTED.read_text(), datetime.now(UTC).date())
    for service in SERVICES:
        packages, reason = ask(service)
        if packages:
            bad = report(packages, fine)
            print(f"{len(packages)} packages looked up in {service}: {bad} vulnerabilities that are not accepted")
            return min(bad, 1)
        print(f"{service}: {reason}")
    print("SKIPPED: no service of vulnerabilities can be asked from this machine, so NOTHING WAS CHECKED.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
