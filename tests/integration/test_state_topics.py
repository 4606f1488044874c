"""Topics that hold state on Apache Kafka: made so that compaction comes, refused when they would forget."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from agents.cli.main import main
from agents.compaction import COMPACTED, of_state
from agents.local.kafka import KafkaServer
from agents.settings import Settings
from agents.topicadmin import TopicAdmin
from agents.topics import TopicsRefusedError, prepare
from tests.agents.running import make_topics, worker_settings

pytestmark = pytest.mark.timeout(180)


def change(server: KafkaServer, topic: str, name: str, value: str) -> None:
    admin = AdminClient({"bootstrap.servers": server.bootstrap_servers})
    entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    admin.incremental_alter_configs([resource])[resource].result(30)


def check(settings: Settings) -> str:
    """What ``engage topics check`` says."""
    found = CliRunner().invoke(main, ["topics", "check", "--bootstrap", settings.bootstrap_servers])
    return found.output


def test_topics_of_state_are_made_so_that_old_records_go_within_a_day(
    own_kafka_server: KafkaServer, tmp_path: Path
) -> None:
    settings = worker_settings(own_kafka_server, tmp_path, create_topics=True)
    prepare(settings)
    found = TopicAdmin(settings).found()
    for name in of_state(settings):
        assert {setting: found[name].config[setting] for setting in COMPACTED} == dict(COMPACTED)
    assert "unwise" not in check(settings)


@pytest.mark.parametrize("policy", ["delete", "compact,delete"])
def test_a_worker_refuses_topics_that_would_forget_its_state(
    own_kafka_server: KafkaServer, tmp_path: Path, policy: str
) -> None:
    settings = worker_settings(own_kafka_server, tmp_path)
    make_topics(own_kafka_server, settings)
    prepare(settings)
    for topic in of_state(settings):
        change(own_kafka_server, topic, "cleanup.policy", policy)
        with pytest.raises(TopicsRefusedError, match=f"{topic} has cleanup.policy .*must be compact"):
            prepare(settings)
        change(own_kafka_server, topic, "cleanup.policy", "compact")
    prepare(settings)


def test_a_worker_on_disk_refuses_tombstones_that_go_before_its_state_is_read_anew(
    own_kafka_server: KafkaServer, tmp_path: Path
) -> None:
    in_memory = worker_settings(own_kafka_server, tmp_path)
    on_disk = in_memory.model_copy(update={"store": "rocksdb"})
    make_topics(own_kafka_server, in_memory)
    prepare(on_disk)
    change(own_kafka_server, in_memory.changelog_topic, "delete.retention.ms", "3600000")
    with pytest.raises(TopicsRefusedError, match="deleted customers would come back"):
        prepare(on_disk)
    prepare(in_memory)
    prepare(on_disk.model_copy(update={"rocksdb_trust_hours": 1}))


def test_a_changelog_without_a_limit_for_old_records_is_allowed_and_said(
    own_kafka_server: KafkaServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = worker_settings(own_kafka_server, tmp_path)
    make_topics(own_kafka_server, settings)
    prepare(settings)
    said = f"{settings.changelog_topic} sets no limit (max.compaction.lag.ms)"
    assert any(said in line for line in caplog.messages)
    assert f"unwise: {said}" in check(settings)
