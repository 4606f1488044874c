"""``engage dead-letters`` on brokers: what was refused is found, mended and sent again, and each letter only once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from confluent_kafka import Producer

from agents.cli.main import main
from agents.deadletters.letter import Filter
from agents.deadletters.plan import HEADER, Change, plan
from agents.deadletters.reading import letters_on_broker, sent_before
from agents.deadletters.sending import Sender, SendingError
from agents.embedded import EmbeddedBroker
from agents.local.kafka import KafkaServer
from agents.settings import Settings
from schemas.topics import DEAD_LETTERS
from tests.agents.running import Input, event, feed, idle, make_topics, records, running, worker_settings

pytestmark = pytest.mark.timeout(180)

DYING = """
import os, signal, sys
from agents.cli.main import main
from agents.deadletters import sending

class Dying(sending.Producer):
    def commit_transaction(self, *arguments):
        self.flush(30)
        if {after_commit}:
            super().commit_transaction(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)

sending.Producer = Dying
main(sys.argv[1:])
"""
"""The command, killed when all is with the broker: just before the transaction is committed, or just after."""


def dead_letters(broker: Any, *arguments: object) -> Result:
    command = ["dead-letters", *(str(argument) for argument in arguments), "--bootstrap", broker.bootstrap_servers]
    return CliRunner().invoke(main, command)


def order(number: int, customer: str = "c-1", **fields: object) -> Input:
    return event("purchases", "ordered", customer, number * 1_000, f"o{number}", order_id=f"O-{number}", **fields)


def applied_of(broker: Any, topic: str) -> Counter[str]:
    """Records that name a dead letter, by letter, as those see them who read what is committed."""
    found = (dict(message.headers() or ()).get(HEADER) for message in records(broker, topic))
    return Counter(name.decode() for name in found if name is not None)


async def refused(broker: Any, settings: Settings, inputs: list[Input]) -> None:
    """A worker has read these, and is gone."""
    feed(broker, inputs)
    async with running(settings) as worker:
        await idle(worker, len(inputs))


def value_of(worker: Any, customer: str) -> Any:
    line = worker.status.customer(customer)
    return line["value"] if isinstance(line, dict) else line


async def test_a_letter_is_found_mended_and_sent_again_and_counts_once(
    own_kafka_server: KafkaServer, tmp_path: Path
) -> None:
    settings = worker_settings(own_kafka_server, tmp_path)
    make_topics(own_kafka_server, settings)
    bad = order(1, price="10")
    async with running(settings) as worker:
        feed(own_kafka_server, [bad, order(2, amount="5")])
        await idle(worker, 2)
        listed = dead_letters(own_kafka_server, "list", "--reason", "schema", "--json")
        (line,) = [json.loads(text) for text in listed.output.splitlines()]
        assert (line["topic"], line["customer"], line["sent_again"]) == ("purchases", "c-1", None)
        name = line["id"]

        shown = dead_letters(own_kafka_server, "show", name)
        assert "refused again: schema: amount" in shown.output
        as_it_is = dead_letters(own_kafka_server, "replay", name)
        assert as_it_is.exit_code == 1
        assert "0 sent, 1 refused again, 0 sent before" in as_it_is.output

        original = json.loads(dead_letters(own_kafka_server, "show", name, "--raw").stdout_bytes)
        mended = tmp_path / "mended.json"
        mended.write_text(json.dumps({**original, "amount": "10"}) + "\n")
        dry = dead_letters(own_kafka_server, "replay", name, "--with", mended, "--dry-run")
        assert "1 would be sent" in dry.output
        assert not applied_of(own_kafka_server, "purchases")
        for count in ("1 sent, 0 refused again, 0 sent before", "0 sent, 0 refused again, 1 sent before"):
            done = dead_letters(own_kafka_server, "replay", name, "--with", mended)
            assert done.exit_code == 0, done.output
            assert count in done.output
        await idle(worker, 3)
        assert (value_of(worker, "c-1")["orders"], value_of(worker, "c-1")["revenue"]) == (2, "15")
    assert applied_of(own_kafka_server, "purchases").total() == 1
    assert "0 sent, 0 refused again, 1 sent before" in dead_letters(own_kafka_server, "replay", "--all").output
    assert "sent again" in dead_letters(own_kafka_server, "list").output
    assert "0 dead letters" in dead_letters(own_kafka_server, "list", "--open").output


@pytest.mark.parametrize("after_commit", [False, True])
async def test_a_replay_that_is_killed_and_run_again_sends_each_letter_once(
    own_kafka_server: KafkaServer, tmp_path: Path, after_commit: bool
) -> None:
    settings = worker_settings(own_kafka_server, tmp_path)
    make_topics(own_kafka_server, settings)
    await refused(own_kafka_server, settings, [order(number, customer=f"c-{number}") for number in range(30)])
    script = DYING.format(after_commit=after_commit)
    arguments = ["dead-letters", "replay", "--all", "--force", "--bootstrap", own_kafka_server.bootstrap_servers]
    killed = subprocess.run(
        [sys.executable, "-c", script, *arguments], env=os.environ, capture_output=True, timeout=60, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr

    again = dead_letters(own_kafka_server, "replay", "--all", "--force")
    expected = "0 sent, 0 refused again, 30 sent before" if after_commit else "30 sent, 0 refused again, 0 sent before"
    assert expected in again.output, again.output
    assert "30 sent before" in dead_letters(own_kafka_server, "replay", "--all", "--force").output
    found = applied_of(own_kafka_server, "purchases")
    assert len(found) == 30
    assert set(found.values()) == {1}


async def test_of_two_replays_at_once_one_is_stopped_and_each_letter_is_sent_once(
    own_kafka_server: KafkaServer, tmp_path: Path
) -> None:
    settings = worker_settings(own_kafka_server, tmp_path)
    make_topics(own_kafka_server, settings)
    own_kafka_server.create_topic("dead-letters-replayed", 1, compacted=True)
    await refused(own_kafka_server, settings, [order(number, customer=f"c-{number}") for number in range(5)])
    late, winner = Sender(settings), Sender(settings)
    late.open()
    before = sent_before(settings)
    letters = list(Filter().select(letters_on_broker(settings)))
    items = [plan(letter, before, 0, Change(force=True)) for letter in letters]
    winner.open()
    assert [len(batch) for batch in winner.send(iter(items))] == [5]
    with pytest.raises(SendingError, match="another replay"):
        list(late.send(iter(items)))
    assert set(applied_of(own_kafka_server, "purchases").values()) == {1}
    assert len(sent_before(settings)) == 5


async def test_a_wrong_key_is_explained_and_mended_when_asked(own_kafka_server: KafkaServer, tmp_path: Path) -> None:
    settings = worker_settings(own_kafka_server, tmp_path)
    make_topics(own_kafka_server, settings)
    right = order(1, customer="c-7", amount="5")
    await refused(own_kafka_server, settings, [right._replace(key="c-8")])
    told = dead_letters(own_kafka_server, "replay", "--reason", "key_mismatch", "--dry-run")
    assert told.exit_code == 1
    assert "--rekey" in told.output
    done = dead_letters(own_kafka_server, "replay", "--reason", "key_mismatch", "--rekey")
    assert "key c-7 instead of c-8" in done.output
    async with running(settings) as worker:
        await idle(worker, 2)
        assert value_of(worker, "c-7")["orders"] == 1


def test_a_topic_of_marks_that_forgets_is_refused(own_kafka_server: KafkaServer, tmp_path: Path) -> None:
    settings = worker_settings(own_kafka_server, tmp_path)
    make_topics(own_kafka_server, settings)
    own_kafka_server.create_topic("dead-letters-replayed", 1)
    refusal = dead_letters(own_kafka_server, "replay", "--all")
    assert refusal.exit_code == 1, refusal.output
    assert refusal.stderr.count("\n") == 1
    assert "must be compact" in refusal.stderr


async def test_on_the_embedded_broker_letters_are_sent_again_and_it_says_what_it_cannot_promise(
    embedded_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    settings = worker_settings(embedded_broker, tmp_path)
    make_topics(embedded_broker, settings)
    await refused(embedded_broker, settings, [order(1)])
    for count in ("1 sent, 0 refused again, 0 sent before", "0 sent, 0 refused again, 1 sent before"):
        done = dead_letters(embedded_broker, "replay", "--all", "--force")
        assert done.exit_code == 0, done.output
        assert count in done.output
        assert "isolates nothing" in done.stderr
    assert set(applied_of(embedded_broker, "purchases").values()) == {1}


def test_what_is_no_dead_letter_is_passed_over(embedded_broker: EmbeddedBroker, tmp_path: Path) -> None:
    make_topics(embedded_broker, worker_settings(embedded_broker, tmp_path))
    producer = Producer({"bootstrap.servers": embedded_broker.bootstrap_servers})
    producer.produce(DEAD_LETTERS.name, b"something else")
    assert producer.flush(30) == 0
    assert "0 dead letters" in dead_letters(embedded_broker, "list").output
