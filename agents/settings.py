"""Settings of a worker: where things are and how much it may take, from the environment; never what it decides.

Every field is an environment variable with the prefix ``ENGAGE_``; a secret may also be a file of that name (such as
``engage_sasl_password``) in the folder that ``ENGAGE_SECRETS_DIR`` names. What the engine decides is the policy's.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from agents.connection import contradiction

Clock = Literal["wall", "event"]
Guarantee = Literal["exactly_once", "at_least_once"]


class Settings(BaseSettings):
    """Frozen, read once. Units are in the names; times are milliseconds where a name ends in ``_ms``."""

    model_config = SettingsConfigDict(
        env_prefix="ENGAGE_", frozen=True, extra="ignore", case_sensitive=False, hide_input_in_errors=True
    )

    bootstrap_servers: str = "127.0.0.1:9092"
    application_id: str = Field(default="engage", pattern=r"^[A-Za-z0-9._-]{1,100}$")
    """Consumer group, prefix of the changelog topic and of the transactional ids."""
    instance_id: str | None = None
    """Static membership: a name that this worker keeps over restarts (pod ordinal), unique in the group."""
    policy_file: Path | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    clock: Clock = "wall"
    guarantee: Guarantee = "exactly_once"
    """``exactly_once`` becomes ``at_least_once``, with a line in the log, on the embedded broker."""

    create_topics: bool = True
    partitions: int = Field(default=4, ge=1, le=1000)
    """For topics that are created; existing topics keep what they have."""
    restart_inputs: str = Field(default="", pattern=r"^[a-z, -]*$")
    """Input topics, by commas, that were deleted and made anew on purpose: read from their beginning, state is kept."""
    topics_check_ms: int = Field(default=5_000, ge=100)
    """How often a worker looks whether its topics are still what they were."""
    replication_factor: int = Field(default=1, ge=1)

    chunk_records: int = Field(default=5_000, ge=1)
    """Records of a lane in one transaction, at most."""
    buffer_records: int = Field(default=10_000, ge=1)
    """Records of one partition that wait in a lane; at as many, fetching it is paused until half are done."""
    buffer_bytes: int = Field(default=33_554_432, ge=1)
    """Bytes of them, likewise: large events fill the memory before there are many."""
    fetch_records: int = Field(default=5_000, ge=1)
    fetch_wait_ms: int = Field(default=100, ge=1, le=5_000)
    merge_wait_ms: int = Field(default=5_000, ge=0)
    """How long a lane waits for a topic of which the broker has more and, while it answers, sends nothing."""
    sweep_ms: int = Field(default=1_000, ge=10)
    live_within_ms: int = Field(default=2_000, ge=100)
    """A lane counts as caught up when all six topics were seen at their end this recently."""
    backlog_idle_ms: int = Field(default=2_000, ge=0)
    """Clock ``event``: once all lanes were at their end this long, they share the latest time of any of them."""

    dead_letter_share: float = Field(default=0.95, gt=0, le=1)
    """The worker stops when more than this share of the latest records are dead letters: the input is wrong."""
    dead_letter_minimum: int = Field(default=1_000, ge=1)
    """... but not before so many records were read."""

    store: Literal["memory", "rocksdb"] = "memory"
    data_dir: Path = Path("data")
    decoded_customers: int = Field(default=5_000, ge=1)
    """Customers of a lane kept decoded beside their bytes."""
    rocksdb_trust_hours: int = Field(default=20, ge=1)
    """Local state older than this is read anew: deletions may have left the changelog (``delete.retention.ms``)."""

    retry_attempts: int = Field(default=5, ge=1)
    retry_wait_ms: int = Field(default=500, ge=1)
    request_timeout_ms: int = Field(default=40_000, ge=1_000)
    transaction_timeout_ms: int = Field(default=300_000, ge=1_000)
    """The broker ends an open transaction after it, and shuts its worker out: longer than brokers may be away.

    Who takes over a lane ends what was open at once. Not over the broker's ``transaction.max.timeout.ms``.
    """
    session_timeout_ms: int = Field(default=45_000, ge=1_000)
    heartbeat_ms: int = Field(default=3_000, ge=100)
    rebalance_timeout_ms: int = Field(default=120_000, ge=1_000)
    commit_ms: int = Field(default=1_000, ge=100)
    stop_ms: int = Field(default=25_000, ge=100)
    """How long a worker that is asked to stop may take; then it ends at once, and others handle again what it left."""
    check_crcs: bool = True

    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    ssl_ca_file: Path | None = None
    ssl_cert_file: Path | None = None
    ssl_key_file: Path | None = None
    ssl_key_password: SecretStr | None = None
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    sasl_username: str = ""
    sasl_password: SecretStr = SecretStr("")

    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8080, ge=0, le=65535)
    http_token: SecretStr | None = None

    redis_url: SecretStr | None = None
    """Where the view of customers is kept for other services; ``rediss://`` for TLS. None: there is no view."""
    redis_password: SecretStr | None = None
    redis_ca_file: Path | None = None
    redis_cert_file: Path | None = None
    redis_key_file: Path | None = None
    view_prefix: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._:-]{1,100}$")
    """Of all keys of the view; the application id when there is none."""
    view_flush_ms: int = Field(default=200, ge=10, le=60_000)
    """What changes meanwhile is written together, each customer once."""
    view_share: float = Field(default=0.2, gt=0, le=1)
    """Share of the worker's time that the view may take while there is more to write than that."""
    view_triggers: int = Field(default=20, ge=1, le=1_000)
    """The latest triggers of a customer that are shown."""
    view_pending: int = Field(default=100_000, ge=1)
    """Customers of a lane that may wait for Redis; with more, the lane is written as a whole afterwards."""
    view_refresh_hours: int = Field(default=6, ge=0)
    """Each customer is shown anew so often though nothing happened; 0 never."""

    kpi_ms: int = Field(default=2_000, ge=10, le=3_600_000)
    """How often changed figures across customers are published."""

    @property
    def kpi_rows_topic(self) -> str:
        """Compacted topic of what each lane has counted."""
        return f"{self.application_id}-kpi-rows"

    @property
    def changelog_topic(self) -> str:
        """Compacted topic that holds the customers and the applied offsets."""
        return f"{self.application_id}-customers-changelog"

    @property
    def view_keys(self) -> str:
        """Prefix of the keys in Redis."""
        return self.view_prefix or self.application_id

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        wrong = contradiction(self)
        if wrong is not None:
            raise ValueError(wrong)
        return self


def secrets() -> frozenset[str]:
    """The settings that are never shown, and not taken from a command line, which all users of a machine can see."""
    return frozenset(name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation))


def load_settings(**overrides: Any) -> Settings:
    """Settings of this process: ``overrides``, then the environment, then the secrets folder, then the defaults.

    Raises:
        pydantic.ValidationError: a value is not possible, or values do not go together. Operator action: correct the
            variable that it names.
        ValueError: there is no secrets folder. Operator action: mount it, or correct ``ENGAGE_SECRETS_DIR``.

    """
    folder = os.environ.get("ENGAGE_SECRETS_DIR")
    if folder and not Path(folder).is_dir():
        message = f"ENGAGE_SECRETS_DIR: there is no folder {folder}"
        raise ValueError(message)
    return Settings(_secrets_dir=folder or None, **overrides)  # type: ignore[call-arg]
