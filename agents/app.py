"""The Faust app: its settings, its transport and its agents, put together here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import faust
from faust.auth import SASLCredentials
from faust.auth import SSLCredentials as TLSCredentials
from faust.types import TP
from yarl import URL

from agents.connection import tls
from agents.inputs.clickstream import register_clickstream
from agents.inputs.email import register_email
from agents.inputs.profiles import register_profiles
from agents.inputs.purchases import register_purchases
from agents.inputs.support_tickets import register_support_tickets
from agents.inputs.surveys import register_surveys
from agents.lanes.clocks import SharedClock
from agents.lanes.decide import Combine, combine_nothing
from agents.lanes.flow import ConsumerFlow
from agents.lanes.group import Lanes, lane_numbers
from agents.lanes.surroundings import Fail, Surroundings, Watcher, exit_hard
from agents.lanes.tally import DeadLetterLimit
from agents.topicwatch import TopicWatch
from agents.transport.chunks import ChunkSchema
from agents.transport.consumer import ChunkTransport

if TYPE_CHECKING:
    from agents.metrics import Metrics
    from agents.settings import Settings
    from agents.topics import Ground
    from schemas.policy import Policy

_NEVER_SECONDS: Final = 10 * 365 * 86_400.0
"""A worker without partitions asks for no records; aiokafka would have it leave the group and never come back."""
_REGISTER: Final = (
    register_clickstream,
    register_email,
    register_support_tickets,
    register_purchases,
    register_surveys,
    register_profiles,
)


class EngageApp(faust.App):  # type: ignore[misc]
    """A Faust app whose consumer yields chunks. ``lanes`` is set before it starts."""

    settings: Settings
    lanes: Lanes | None = None

    def _new_transport(self) -> Any:
        return ChunkTransport(self.conf.broker_consumer, self)

    def _create_directories(self) -> None:
        """None: Faust holds no table here."""

    def input_topic(self, name: str) -> Any:
        """An input topic: chunks come as they are, and Faust acknowledges nothing."""
        return self.topic(name, schema=ChunkSchema(), acks=False)


def create_app(
    settings: Settings,
    policy: Policy,
    metrics: Metrics,
    ground: Ground,
    *,
    fail: Fail = exit_hard,
    combine: Combine = combine_nothing,
    watchers: Iterable[Watcher] = (),
) -> EngageApp:
    """A worker's app, ready to be started; nothing is connected yet.

    ``combine`` is the second stage (facts of a chunk to records in its transaction), ``watchers`` are told what was
    written.
    """
    app = EngageApp(settings.application_id, **faust_settings(settings))
    app.settings = settings
    around = Surroundings(
        settings=settings,
        policy=policy,
        metrics=metrics,
        flow=ConsumerFlow(app),
        shared=SharedClock(settings.backlog_idle_ms),
        limit=DeadLetterLimit(settings.dead_letter_share, settings.dead_letter_minimum),
        guarantee=ground.guarantee,
        footing=ground.footing,
        fail=fail,
        combine=combine,
        watchers=tuple(watchers),
    )
    lanes = app.lanes = Lanes(around)
    for register in _REGISTER:
        register(app, lanes)

    async def assigned(_app: Any, tps: set[TP], **_: Any) -> None:
        try:
            numbers = lane_numbers(tps)
        except ValueError as torn:
            # A topic that was deleted tears the lanes too: then that is what ops must be told.
            changed = await TopicWatch(settings).changed(ground.topics) if ground.topics else None
            fail(changed or str(torn))
        else:
            await lanes.assign(numbers, app.consumer_generation_id)

    async def revoked(_app: Any, _tps: set[TP], **_: Any) -> None:
        await lanes.leave()

    app.on_partitions_assigned.connect(assigned, weak=False)
    app.on_partitions_revoked.connect(revoked, weak=False)
    return app


def faust_settings(settings: Settings) -> dict[str, Any]:
    """Settings of the Faust app: membership and flow only, for state, output and offsets are the lanes'."""
    brokers = [URL(f"kafka://{address.strip()}") for address in settings.bootstrap_servers.split(",")]
    credentials: Any = None
    context = tls(settings)
    if settings.security_protocol.startswith("SASL"):
        credentials = SASLCredentials(
            username=settings.sasl_username,
            password=settings.sasl_password.get_secret_value(),
            mechanism=settings.sasl_mechanism,
            ssl_context=context,
        )
    elif context is not None:
        credentials = TLSCredentials(context=context)
    request = max(settings.request_timeout_ms, settings.session_timeout_ms) / 1000
    return {
        "broker": brokers,
        "broker_credentials": credentials,
        "broker_check_crcs": settings.check_crcs,
        "broker_commit_interval": settings.commit_ms / 1000,
        "broker_session_timeout": settings.session_timeout_ms / 1000,
        "broker_heartbeat_interval": settings.heartbeat_ms / 1000,
        "broker_rebalance_timeout": settings.rebalance_timeout_ms / 1000,
        "broker_request_timeout": request,
        "broker_max_poll_interval": _NEVER_SECONDS,
        "broker_max_poll_records": settings.fetch_records,
        "consumer_auto_offset_reset": "earliest",
        "consumer_group_instance_id": settings.instance_id,
        "datadir": str(settings.data_dir / "faust"),
        "processing_guarantee": "at_least_once",
        "store": "memory://",
        "stream_buffer_maxsize": 64,
        "stream_recovery_delay": 0.0,
        "stream_wait_empty": False,
        "table_standby_replicas": 0,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "web_enabled": False,
        "debug": False,
    }
