"""``engage topics`` on Apache Kafka: what is made is what a worker needs, and what is wrong is named."""

from __future__ import annotations

import time

import pytest
from click.testing import CliRunner, Result
from confluent_kafka.admin import AdminClient, NewPartitions

from agents.cli.main import main
from agents.local.kafka import KafkaServer
from schemas.topics import CATALOGUE

pytestmark = pytest.mark.timeout(180)


def topics(server: KafkaServer, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["topics", *arguments, "--bootstrap", server.bootstrap_servers])


def test_topics_are_made_once_and_found_to_be_right_until_they_are_not(own_kafka_server: KafkaServer) -> None:
    missing = topics(own_kafka_server, "check")
    assert missing.exit_code == 1
    assert "clickstream is missing" in missing.output

    made = topics(own_kafka_server, "create", "--partitions", "3")
    assert made.exit_code == 0, made.output
    assert f"{len(CATALOGUE) + 3} topics made" in made.output, (
        "the catalogue, the changelog, the rows of the figures and the marks of dead letters"
    )
    assert "0 topics made" in topics(own_kafka_server, "create", "--partitions", "5").output

    right = topics(own_kafka_server, "check")
    assert right.exit_code == 0, right.output
    assert "all topics are as they should be" in right.output

    client = AdminClient({"bootstrap.servers": own_kafka_server.bootstrap_servers})
    client.create_partitions([NewPartitions("email", 4)])["email"].result(30)
    while len(client.list_topics("email").topics["email"].partitions) < 4:
        time.sleep(0.1)
    wrong = topics(own_kafka_server, "check")
    assert wrong.exit_code == 1
    assert "the input topics must have the same number of partitions" in wrong.output
    assert wrong.stderr.count("\n") == 1
