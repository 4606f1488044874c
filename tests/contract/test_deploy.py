"""What ops see agrees with what the code measures, and every alert can be acted on."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from agents.measures import Metric
from agents.settings import Settings
from schemas.topics import CATALOGUE

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
RUNBOOKS = sorted((DEPLOY / "runbooks").glob("*.md"))
HEADINGS = ["Meaning", "Impact", "Diagnosis", "Mitigation"]
SPECS = {metric.value.name: metric.value for metric in Metric}
SERIES = SPECS | {
    f"{spec.name}_{suffix}": spec for spec in SPECS.values() if spec.kind == "histogram"
    for suffix in ("bucket", "sum", "count")
}  # fmt: skip
FROM_PROMETHEUS = {"instance", "job", "le", "alertname", "alertstate"}
GROUPS = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())["groups"]
RULES = [rule for group in GROUPS for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
RECORDED = {rule["record"] for rule in RULES if "record" in rule}
DASHBOARD = json.loads((DEPLOY / "grafana/dashboards/engage.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]

EXPRESSIONS = {
    **{f"rule {rule.get('alert') or rule['record']}": rule["expr"] for rule in RULES},
    **{f"panel {panel['title']} {target['refId']}": target["expr"] for panel in PANELS for target in panel["targets"]},
}


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_an_expression_names_only_metrics_and_labels_that_exist(expression: str) -> None:
    for name in re.findall(r"\bengage_[a-z0-9_]+", expression):
        assert name in SERIES
    for name in re.findall(r"\bengage:[a-z0-9_:]+", expression):
        assert name in RECORDED
    for name, selector in re.findall(r"\b(engage_[a-z0-9_]+)\{([^}]*)\}", expression):
        labels = set(re.findall(r"([a-z_]+)\s*(?:=|!=|=~|!~)\"", selector))
        assert labels <= {*SERIES[name].labels.split(), *FROM_PROMETHEUS}
    known = {label for spec in SPECS.values() for label in spec.labels.split()} | FROM_PROMETHEUS
    for grouping in re.findall(r"\b(?:by|on|without|ignoring) \(([^)]*)\)", expression):
        assert {label.strip() for label in grouping.split(",")} <= known


def test_every_metric_is_shown_on_the_dashboard_or_alerted_on() -> None:
    text = " ".join(EXPRESSIONS.values())
    assert [name for name in SPECS if not re.search(rf"\b{name}(_bucket|_sum|_count)?\b", text)] == []


def test_every_recorded_series_is_used() -> None:
    text = " ".join(EXPRESSIONS.values())
    assert [name for name in RECORDED if name not in text] == []


def test_every_alert_has_a_runbook_of_its_name_and_every_runbook_its_alert() -> None:
    assert {path.stem for path in RUNBOOKS} == set(ALERTS)
    for name, rule in ALERTS.items():
        assert rule["annotations"]["runbook"] == f"deploy/runbooks/{name}.md"
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in {"critical", "warning", "none"}


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda path: path.stem)
def test_a_runbook_says_meaning_impact_diagnosis_and_mitigation(path: Path) -> None:
    text = path.read_text()
    assert text.startswith(f"# {path.stem}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    for section in re.split(r"^## .+$", text, flags=re.MULTILINE)[1:]:
        assert len(section.split()) >= 8


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda path: path.stem)
def test_a_runbook_names_only_what_exists(path: Path) -> None:
    text = path.read_text()
    assert set(re.findall(r"\bengage_[a-z0-9_]+", text)) <= set(SERIES)
    assert set(re.findall(r"\bengage:[a-z0-9_:]+", text)) <= RECORDED
    assert set(re.findall(r"\bENGAGE_([A-Z_]+)", text)) <= {name.upper() for name in Settings.model_fields}
    assert set(re.findall(r"\]\((\w+)\.md\)", text)) <= set(ALERTS)
    assert set(re.findall(r"docker compose exec (\w+)", text)) <= set(SERVICES)
    assert set(re.findall(r"--topic ([\w-]+)", text)) <= set(CATALOGUE)


def test_every_alert_is_tested_to_fire() -> None:
    tests = yaml.safe_load((DEPLOY / "prometheus/alerts_test.yml").read_text())["tests"]
    fired = {case["alertname"] for test in tests for case in test["alert_rule_test"] if case["exp_alerts"]}
    assert fired == set(ALERTS)


def test_the_dashboard_has_its_rows_and_every_panel_says_what_it_shows() -> None:
    rows = [panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row"]
    assert rows == ["Is it keeping up", "Is it right", "What comes out", "Figures across customers", "The view"]
    for panel in PANELS:
        assert len(panel["description"].split()) >= 5
        assert panel["targets"]
        assert {target["refId"] for target in panel["targets"]} == set("ABCDEF"[: len(panel["targets"])])


def test_panels_lie_on_the_grid_side_by_side() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_the_dashboard_reads_the_provisioned_datasource_where_grafana_finds_it() -> None:
    source = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yml").read_text())["datasources"][0]
    provider = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/engage.yml").read_text())["providers"][0]
    assert {target["datasource"]["uid"] for panel in PANELS for target in panel["targets"]} == {source["uid"]}
    assert source["url"] == "http://prometheus:9090"
    mounted = {volume.split(":")[1]: volume.split(":")[0] for volume in SERVICES["grafana"]["volumes"]}
    assert (ROOT / mounted[provider["options"]["path"]] / "engage.json").exists()


def test_prometheus_finds_the_workers_of_the_compose_file() -> None:
    jobs = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())["scrape_configs"]
    found = next(job for job in jobs if job["job_name"] == "engage")["dns_sd_configs"][0]
    assert found["names"] == ["worker"]
    assert found["port"] == SERVICES["worker"]["environment"]["ENGAGE_HTTP_PORT"]


def test_every_image_is_pinned_and_every_port_is_on_loopback() -> None:
    for name, service in SERVICES.items():
        assert re.search(r":v?\d+\.\d+(\.\d+)?", service["image"]) or "build" in service, name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
        assert "container_name" not in service, "a fixed name would forbid --scale"


def test_every_service_has_a_healthcheck_and_volumes_that_are_declared() -> None:
    for name, service in SERVICES.items():
        assert "healthcheck" in service or "build" in service, name
        named = [volume.split(":")[0] for volume in service.get("volumes", []) if not volume.startswith(".")]
        assert set(named) <= set(COMPOSE["volumes"])


@pytest.mark.parametrize("service", ["worker", "topics"])
def test_the_compose_file_sets_only_settings_that_exist(service: str) -> None:
    given = {name.removeprefix("ENGAGE_").lower() for name in SERVICES[service]["environment"]}
    assert given <= set(Settings.model_fields)


def test_workers_can_be_scaled_because_their_port_is_a_range() -> None:
    assert re.fullmatch(r"127\.0\.0\.1:\d+-\d+:8080", SERVICES["worker"]["ports"][0])


def test_the_image_is_pinned_multi_stage_not_root_and_checks_its_liveness() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    stages = [line for line in lines if line.startswith("FROM ")]
    assert len(stages) == 2
    assert all(re.match(r"FROM python:3\.12\.\d+-slim", stage) for stage in stages)
    assert any(re.fullmatch(r"USER [1-9]\d*:[1-9]\d*", line) for line in lines)
    assert any(line.startswith("HEALTHCHECK") and "/livez" in line for line in lines)
    assert "STOPSIGNAL SIGTERM" in lines
    assert any("--constraint constraints.txt" in line for line in lines)


def test_the_image_is_built_from_files_that_are_there_and_not_ignored() -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    copied = [
        word for line in (DEPLOY / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]
    ]  # fmt: skip
    assert copied
    for name in copied:
        assert (ROOT / name).exists(), name
        assert f"!{name}" in ignored
