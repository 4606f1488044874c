"""The metrics: a closed set under Prometheus conventions, raised once per batch, with bounded labels."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from agents.distribution import Distribution
from agents.measures import KPI_SERIES, Metric
from agents.memory import memory_limit
from agents.metrics import Metrics
from schemas.topics import INPUTS


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> Metrics:
    return Metrics(registry, triggers=("going_quiet", "pricing_interest"))


def read(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(name, labels)


@pytest.mark.parametrize("metric", Metric, ids=lambda metric: metric.value.name)
def test_a_metric_follows_the_naming_conventions(metric: Metric) -> None:
    spec = metric.value
    assert re.fullmatch(r"engage(_[a-z0-9]+)+", spec.name)
    assert spec.name.endswith("_total") == (spec.kind == "counter")
    assert bool(spec.buckets) == (spec.kind == "histogram")
    assert list(spec.buckets) == sorted(set(spec.buckets))
    assert spec.sentence.endswith(".")
    for unit in ("seconds", "bytes"):
        assert (spec.unit == unit) <= spec.name.endswith(f"_{unit}")
    assert "customer_id" not in spec.labels


def test_every_metric_of_the_set_is_exposed_and_nothing_else_of_ours(
    metrics: Metrics, registry: CollectorRegistry
) -> None:
    exposed = {line.split()[2] for line in generate_latest(registry).decode().splitlines() if line.startswith("# TYPE")}
    ours = {name for name in exposed if name.startswith("engage_") and not name.endswith("_created")}
    assert ours == {metric.value.name for metric in Metric}
    assert "process_start_time_seconds" in exposed


def test_two_workers_in_one_process_do_not_share_a_number() -> None:
    first, second = CollectorRegistry(), CollectorRegistry()
    Metrics(first).transaction(committed=True)
    Metrics(second)
    assert read(first, "engage_transactions_total", outcome="committed") == 1
    assert read(second, "engage_transactions_total", outcome="committed") == 0


def test_counters_with_closed_labels_start_at_zero_so_that_the_first_rise_is_seen(
    metrics: Metrics, registry: CollectorRegistry
) -> None:
    assert read(registry, "engage_dead_letters_total", topic="email", reason="schema") == 0
    assert read(registry, "engage_events_total", topic="profiles", type="erased") == 0
    assert read(registry, "engage_triggers_total", trigger="pricing_interest") == 0
    assert read(registry, "engage_score_changes_total", level="high") == 0


def test_one_call_accounts_for_a_whole_batch(metrics: Metrics, registry: CollectorRegistry) -> None:
    metrics.batch_applied(
        3,
        records=10,
        decide_seconds=0.02,
        deliver_seconds=0.2,
        events=Counter({("email", "opened"): 4, ("purchases", "ordered"): 1}),
        duplicates=Counter({"email": 2}),
        dropped=Counter({("email", "erased"): 1}),
        dead_letters=Counter({("surveys", "not_json"): 2}),
        mispartitioned=Counter({"surveys": 1}),
        late=[("email", 30.0), ("email", 7_000.0)],
        score_changes=Counter({"medium": 2}),
        triggers=Counter({"going_quiet": 1}),
        erasures=1,
    )
    assert read(registry, "engage_lane_records_total", partition="3") == 10
    assert read(registry, "engage_events_total", topic="email", type="opened") == 4
    assert read(registry, "engage_duplicates_total", topic="email") == 2
    assert read(registry, "engage_dropped_total", topic="email", reason="erased") == 1
    assert read(registry, "engage_dead_letters_total", topic="surveys", reason="not_json") == 2
    assert read(registry, "engage_mispartitioned_total", topic="surveys") == 1
    assert read(registry, "engage_late_seconds_count", topic="email") == 2
    assert read(registry, "engage_late_seconds_sum", topic="email") == 7_030
    assert read(registry, "engage_score_changes_total", level="medium") == 2
    assert read(registry, "engage_triggers_total", trigger="going_quiet") == 1
    assert read(registry, "engage_erasures_total") == 1
    assert read(registry, "engage_batch_records_sum") == 10
    assert read(registry, "engage_batch_duration_seconds_sum", step="decide") == pytest.approx(0.02)
    assert read(registry, "engage_batch_duration_seconds_sum", step="deliver") == pytest.approx(0.2)


def test_a_chunk_of_timers_is_no_batch_of_input(metrics: Metrics, registry: CollectorRegistry) -> None:
    metrics.batch_applied(0, records=0, decide_seconds=0.01, deliver_seconds=0.01, triggers={"going_quiet": 2})
    assert read(registry, "engage_batch_records_count") == 0
    assert read(registry, "engage_triggers_total", trigger="going_quiet") == 2


def test_a_rule_that_the_policy_does_not_name_counts_as_other(metrics: Metrics, registry: CollectorRegistry) -> None:
    metrics.batch_applied(0, records=1, decide_seconds=0, deliver_seconds=0, triggers={"made_up": 3})
    assert read(registry, "engage_triggers_total", trigger="other") == 3
    assert read(registry, "engage_triggers_total", trigger="made_up") is None


def test_a_lost_lane_leaves_no_gauge_behind(metrics: Metrics, registry: CollectorRegistry) -> None:
    for partition in (1, 2):
        metrics.lane_recovered(partition, 1.5, 100)
        metrics.lane_lag(partition, dict.fromkeys(INPUTS, 7), 12)
        metrics.lane_turn(partition, 1_000, ready=True, paused=False)
        metrics.lane_state(partition, customers=100, state_bytes=5_000, timers=9, next_due=1_060, largest_bytes=90)
    metrics.lane_lost(1)
    gauges = [metric.value.name for metric in Metric if metric.value.kind == "gauge"]
    samples = [
        sample for family in registry.collect() for sample in family.samples
        if sample.name in gauges and "partition" in sample.labels
    ]  # fmt: skip
    assert {sample.labels["partition"] for sample in samples} == {"2"}
    assert {sample.name for sample in samples} == {
        metric.value.name for metric in Metric if metric.value.kind == "gauge" and "partition" in metric.value.labels
    }
    assert read(registry, "engage_recovered_customers_total") == 200


def test_a_lane_that_does_not_know_its_bytes_shows_none(metrics: Metrics, registry: CollectorRegistry) -> None:
    metrics.lane_state(0, customers=5, timers=2, next_due=9)
    assert read(registry, "engage_customers", partition="0") == 5
    assert read(registry, "engage_state_bytes", partition="0") is None


def test_late_events_of_a_backlog_are_counted_by_cumulative_buckets(
    metrics: Metrics, registry: CollectorRegistry
) -> None:
    late = [("email", 60.0), ("purchases", 1e9), ("email", 0.5), ("email", 61.0)]
    metrics.batch_applied(0, records=4, decide_seconds=0, deliver_seconds=0, late=late)
    counted = {le: read(registry, "engage_late_seconds_bucket", topic="email", le=le) for le in ("1.0", "60.0", "+Inf")}
    assert counted == {"1.0": 1, "60.0": 2, "+Inf": 3}
    assert read(registry, "engage_late_seconds_bucket", topic="purchases", le="2592000.0") == 0
    assert read(registry, "engage_late_seconds_bucket", topic="purchases", le="+Inf") == 1
    assert read(registry, "engage_late_seconds_count", topic="surveys") == 0


def test_distributions_count_as_the_client_library_counts(registry: CollectorRegistry) -> None:
    bounds, values = (0.1, 1, 5), (0, 0.1, 0.10001, 1, 4.9, 5, 6, 1e12)
    ours, theirs = (
        Distribution("ours", "h", ("a",), bounds),
        Histogram("theirs", "h", ("a",), buckets=bounds, registry=None),
    )
    ours.observe(("x",), values)
    for value in values:
        theirs.labels("x").observe(value)
    samples = [
        {(sample.name.partition("_")[2], *sorted(sample.labels.items())): sample.value
         for family in distribution.collect() for sample in family.samples if not sample.name.endswith("_created")}
        for distribution in (ours, theirs)
    ]  # fmt: skip
    assert samples[0] == samples[1]
    assert len(samples[0]) == 6


def test_a_lane_can_be_lost_before_it_was_ever_measured(metrics: Metrics, registry: CollectorRegistry) -> None:
    metrics.lane_lost(9)
    assert read(registry, "engage_lane_ready", partition="9") is None


def test_a_lane_without_timers_shows_no_time_of_the_next_one(metrics: Metrics, registry: CollectorRegistry) -> None:
    metrics.lane_state(0, customers=1, state_bytes=1, timers=1, next_due=50, largest_bytes=1)
    metrics.lane_state(0, customers=1, state_bytes=1, timers=0, next_due=None, largest_bytes=1)
    assert read(registry, "engage_next_timer_timestamp_seconds", partition="0") is None
    assert read(registry, "engage_timers_pending", partition="0") == 0


def test_the_view_shows_its_staleness_and_counts_what_it_wrote(metrics: Metrics, registry: CollectorRegistry) -> None:
    metrics.view(lag_seconds=3, pending=40, written=10)
    metrics.view(lag_seconds=9, pending=70, errors=1)
    assert read(registry, "engage_view_lag_seconds") == 9
    assert read(registry, "engage_view_pending_keys") == 70
    assert read(registry, "engage_view_writes_total") == 10
    assert read(registry, "engage_view_errors_total") == 1


def test_kpi_series_are_bounded_and_what_is_over_is_counted(metrics: Metrics, registry: CollectorRegistry) -> None:
    metrics.kpi("fcr_rate", 80.0)
    metrics.kpi("tickets", 4, "product", "p-1")
    for number in range(KPI_SERIES):
        metrics.kpi("tickets", number, "channel", f"c{number}")
    metrics.kpi("fcr_rate", 81.0)
    assert read(registry, "engage_kpi", figure="fcr_rate", dimension="all", value="") == 81
    assert read(registry, "engage_kpi", figure="tickets", dimension="product", value="p-1") is None
    assert read(registry, "engage_kpi_left_out_total") == 2


def test_a_worker_says_what_it_runs_and_what_it_may_take(metrics: Metrics, registry: CollectorRegistry) -> None:
    metrics.describe("0.1.0", "7", partitions=12, memory_limit_bytes=2_000)
    assert read(registry, "engage_build_info", version="0.1.0", policy_version="7") == 1
    assert read(registry, "engage_input_partitions") == 12
    assert read(registry, "engage_memory_limit_bytes") == 2_000


def test_timers_and_transactions_are_counted(metrics: Metrics, registry: CollectorRegistry) -> None:
    metrics.timers_ran([0.5, 3.0])
    metrics.transaction(committed=True)
    metrics.transaction(committed=False)
    assert read(registry, "engage_timer_delay_seconds_sum") == 3.5
    assert read(registry, "engage_transactions_total", outcome="aborted") == 1


@pytest.mark.parametrize(
    ("name", "text", "limit"),
    [
        ("memory.max", "1073741824\n", 1_073_741_824),
        ("memory.max", "max\n", 0),
        ("memory/memory.limit_in_bytes", "536870912\n", 536_870_912),
        ("memory/memory.limit_in_bytes", "9223372036854771712\n", 0),
        ("other", "", 0),
    ],
)
def test_the_memory_limit_is_read_from_the_control_group(tmp_path: Path, name: str, text: str, limit: int) -> None:
    (tmp_path / "memory").mkdir()
    (tmp_path / name).write_text(text)
    assert memory_limit(tmp_path) == limit
