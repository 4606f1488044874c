"""The real Prometheus reads the configuration, proves the alerts and scrapes a worker's metrics."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import ClientConnectionError, ClientSession
from prometheus_client import CollectorRegistry, generate_latest

from agents.http import Absent, HttpServer, Summary, Verdict
from agents.metrics import Metrics

FOLDER = Path(__file__).parents[2] / "deploy" / "prometheus"
MISSING = not (shutil.which("promtool") and shutil.which("prometheus"))

pytestmark = pytest.mark.skipif(
    MISSING and os.environ.get("CI") != "true", reason="needs prometheus and promtool (Debian package prometheus)"
)


def promtool(*arguments: str, given: bytes = b"") -> str:
    done = subprocess.run(["promtool", *arguments], input=given, capture_output=True, cwd=FOLDER, timeout=60)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, said
    return said


def test_the_configuration_and_the_rules_it_names_are_valid() -> None:
    assert "SUCCESS" in promtool("check", "config", "prometheus.yml")


def test_the_alerts_fire_when_they_should_and_are_silent_beside_it() -> None:
    assert "SUCCESS" in promtool("test", "rules", "alerts_test.yml")


def test_every_expression_of_the_dashboard_is_one_that_prometheus_reads(tmp_path: Path) -> None:
    panels = json.loads((FOLDER.parent / "grafana/dashboards/engage.json").read_text())["panels"]
    asked = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    rules = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(asked)]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    assert f"{len(asked)} rules found" in promtool("check", "rules", str(tmp_path / "panels.yml"))


def test_the_metrics_of_a_worker_pass_the_linter_of_prometheus() -> None:
    metrics = Metrics(CollectorRegistry(), triggers=["going_quiet"])
    exposed = b"\n".join(
        line for line in generate_latest(metrics.registry).splitlines() if b"process_" not in line
    )  # fmt: skip
    assert promtool("check", "metrics", given=exposed + b"\n").strip() == ""


class IdleWorker:
    """A worker without lanes."""

    def ready(self) -> Verdict:
        """Always."""
        return Verdict()

    def alive(self) -> Verdict:
        """Always."""
        return Verdict()

    def customer(self, customer_id: str) -> Mapping[str, object] | Absent:
        """None."""
        return "unknown"

    def summary(self) -> Summary:
        """Nothing to tell."""
        return Summary("worker", "0", "1", "engage", 0)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def answered(session: ClientSession, path: str, expected: str) -> Any:
    """The answer to a query once it holds ``expected``; pytest's timeout bounds the wait."""
    while True:
        try:
            async with session.get(path) as response:
                text = await response.text()
                if response.status == 200 and expected in text:
                    return await response.json() if response.content_type == "application/json" else text
        except ClientConnectionError:
            pass
        await asyncio.sleep(0.1)


@asynccontextmanager
async def prometheus(folder: Path, worker: str) -> AsyncIterator[ClientSession]:
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    job = next(job for job in config["scrape_configs"] if job["job_name"] == "engage")
    del job["dns_sd_configs"]
    job["static_configs"] = [{"targets": [worker.removeprefix("http://")]}]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    shutil.copy(FOLDER / "alerts.yml", folder)
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with ClientSession(f"http://127.0.0.1:{port}") as session:
            await answered(session, "/-/ready", "")
            yield session
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.slow
@pytest.mark.timeout(60)
async def test_prometheus_scrapes_a_worker_and_evaluates_its_rules(tmp_path: Path) -> None:
    metrics = Metrics(CollectorRegistry(), triggers=["going_quiet"])
    metrics.describe("0.1.0", "7", partitions=4)
    metrics.lane_lag(2, {"email": 17}, 3.5)
    server = HttpServer(IdleWorker(), metrics.registry, port=0)
    await server.start()
    try:
        async with prometheus(tmp_path, server.url) as session:
            up = await answered(session, '/api/v1/query?query=up{job="engage"}', '"1"]')
            assert up["data"]["result"][0]["metric"]["instance"] == server.url.removeprefix("http://")
            lag = await answered(session, "/api/v1/query?query=engage:lag_records:by_partition", '"17"]')
            assert lag["data"]["result"][0]["metric"]["partition"] == "2"
            alerts = await answered(session, "/api/v1/alerts", "DeadMan")
            states = {alert["labels"]["alertname"]: alert["state"] for alert in alerts["data"]["alerts"]}
            assert states["DeadMan"] == "firing"
            assert "WorkerDown" not in states or states["WorkerDown"] == "pending"
            rules = await answered(session, "/api/v1/rules", "PartitionsNotServed")
            assert {rule["health"] for group in rules["data"]["groups"] for rule in group["rules"]} <= {"ok", "unknown"}
    finally:
        await server.stop()
