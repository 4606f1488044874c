"""The closed set of metrics: each with its kind, unit, labels and a sentence. What is not here is not measured."""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal, NamedTuple

LEVELS: Final = ("low", "medium", "high")
REASONS: Final = (
    "not_json", "schema", "unknown_type", "key_mismatch", "too_large", "from_the_future", "processing_error",
)  # fmt: skip
STEPS: Final = ("decide", "deliver")
OUTCOMES: Final = ("committed", "aborted")
KPI_DIMENSIONS: Final = ("all", "channel", "stage", "level", "role", "segment", "customer_definition")
KPI_SERIES: Final = 500
"""How many KPI series one worker shows; what is over is left out and counted."""
OTHER: Final = "other"
"""The label of a rule that the policy does not name."""

_FAST: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_DELAY: Final = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 300)
_LATE: Final = (1, 10, 60, 300, 900, 3_600, 21_600, 86_400, 259_200, 604_800, 2_592_000)
_RECOVERY: Final = (0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1_800)
_SIZE: Final = (1, 10, 50, 100, 500, 1_000, 2_500, 5_000, 10_000)


class Spec(NamedTuple):
    """One metric. ``labels`` are separated by blanks; ``buckets`` are upper bounds in the metric's unit."""

    kind: Literal["counter", "gauge", "histogram"]
    name: str
    unit: str
    labels: str
    sentence: str
    buckets: tuple[float, ...] = ()


def _counter(name: str, unit: str, labels: str, sentence: str) -> Spec:
    return Spec("counter", name, unit, labels, sentence)


def _gauge(name: str, unit: str, labels: str, sentence: str) -> Spec:
    return Spec("gauge", name, unit, labels, sentence)


def _histogram(name: str, unit: str, labels: str, sentence: str, buckets: tuple[float, ...]) -> Spec:
    return Spec("histogram", name, unit, labels, sentence, buckets)


class Metric(Enum):
    """Every metric. ``partition`` is the lane, ``topic`` an input topic; unix times are in seconds."""

    # fmt: off
    EVENTS = _counter("engage_events_total", "events", "topic type", "Events applied.")
    LANE_RECORDS = _counter("engage_lane_records_total", "records", "partition", "Input records a lane has handled.")
    DEAD_LETTERS = _counter("engage_dead_letters_total", "records", "topic reason", "Records put on dead-letters.")
    DUPLICATES = _counter("engage_duplicates_total", "events", "topic", "Copies of an event that was applied before.")
    DROPPED = _counter("engage_dropped_total", "events", "topic reason", "Events let go: erased, until.")
    MISPARTITIONED = _counter(
        "engage_mispartitioned_total", "records", "topic", "Records on a partition that murmur2 would not give.")
    LATE = _histogram(
        "engage_late_seconds", "seconds", "topic", "How far behind their lane's time late events were.", _LATE)

    SCORE_CHANGES = _counter("engage_score_changes_total", "records", "level", "Score changes, by their new level.")
    TRIGGERS = _counter("engage_triggers_total", "records", "trigger", "Triggers fired, by rule.")
    ERASURES = _counter("engage_erasures_total", "customers", "", "Customers erased and announced.")

    BATCH_RECORDS = _histogram("engage_batch_records", "records", "", "Input records in a batch.", _SIZE)
    BATCH_SECONDS = _histogram(
        "engage_batch_duration_seconds", "seconds", "step", "Time of a batch: to decide, and to deliver.", _FAST)
    TRANSACTIONS = _counter("engage_transactions_total", "transactions", "outcome", "Transactions committed, aborted.")

    LAG_RECORDS = _gauge(
        "engage_lag_records", "records", "topic partition", "Records on the broker after the applied offset.")
    LAG_SECONDS = _gauge("engage_event_time_lag_seconds", "seconds", "partition", "Wall clock less the lane's time.")
    LANE_READY = _gauge("engage_lane_ready", "0 or 1", "partition", "1 when the lane is recovered and running.")
    LANE_PAUSED = _gauge("engage_lane_paused", "0 or 1", "partition", "1 while the lane is full and not fed.")
    LANE_SEEN = _gauge("engage_lane_seen_timestamp_seconds", "unix time", "partition", "When the lane last ran.")
    INPUT_PARTITIONS = _gauge("engage_input_partitions", "partitions", "", "Partitions of each input topic.")

    CUSTOMERS = _gauge("engage_customers", "customers", "partition", "Customers held.")
    STATE_BYTES = _gauge("engage_state_bytes", "bytes", "partition", "Encoded state held.")
    MEMORY_LIMIT = _gauge("engage_memory_limit_bytes", "bytes", "", "Memory this worker may take; 0 is no limit.")
    LARGEST_STATE = _gauge("engage_largest_state_bytes", "bytes", "partition", "Largest customer of the last batches.")
    TIMERS = _gauge("engage_timers_pending", "customers", "partition", "Customers with a timer set.")
    NEXT_TIMER = _gauge("engage_next_timer_timestamp_seconds", "unix time", "partition", "When the next timer is due.")
    TIMER_DELAY = _histogram("engage_timer_delay_seconds", "seconds", "", "How late timers ran.", _DELAY)

    VIEW_LAG = _gauge("engage_view_lag_seconds", "seconds", "", "Age of the oldest change that is not yet in Redis.")
    VIEW_PENDING = _gauge("engage_view_pending_keys", "keys", "", "Keys not yet written to Redis.")
    VIEW_WRITES = _counter("engage_view_writes_total", "keys", "", "Keys written to Redis.")
    VIEW_ERRORS = _counter("engage_view_errors_total", "attempts", "", "Writes to Redis that failed.")

    RECOVERY_SECONDS = _histogram(
        "engage_recovery_duration_seconds", "seconds", "", "Time to restore a lane from its changelog.", _RECOVERY)
    RECOVERED = _counter("engage_recovered_customers_total", "customers", "", "Customers restored from changelogs.")
    BUILD = _gauge("engage_build_info", "always 1", "version policy_version", "What this worker runs.")
    KPI = _gauge("engage_kpi", "by figure", "figure dimension value", "Figures across the customers of this worker.")
    KPI_LEFT_OUT = _counter("engage_kpi_left_out_total", "figures", "", "KPI figures left out, to bound the series.")
    # fmt: on
