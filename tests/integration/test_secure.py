"""Workers and tools against a broker and a Redis that ask who comes and encrypt what is said."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession
from click.testing import CliRunner
from confluent_kafka import Producer

from agents import reach
from agents.cli.main import main
from agents.local import kafka
from agents.local.process import free_port
from agents.settings import Settings, load_settings
from agents.simulate.settings import Settings as Simulation
from agents.simulate.stream import events
from tests.agents.running import Input, emitted, feed, idle, records, replayed, running, worker_settings
from tests.conftest import need
from tests.integration.secure import KAFKA_PASSWORD, KEY_PASSWORD, USER, Certificates, SecureKafka

pytestmark = [pytest.mark.timeout(120), pytest.mark.kafka]

COUNT = 600
ACCOUNT = {"sasl_username": USER, "sasl_password": KAFKA_PASSWORD}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def secure_kafka(certificates: Certificates) -> Iterator[SecureKafka]:
    need(kafka.missing)
    with SecureKafka(certificates) as server:
        yield server


def access(server: SecureKafka, way: str) -> dict[str, Any]:
    """The settings of a client that is let in."""
    of = server.certificates
    scram = {"security_protocol": "SASL_SSL", "ssl_ca_file": of.ca, **ACCOUNT}
    mutual = {
        "security_protocol": "SSL", "ssl_ca_file": of.ca, "ssl_cert_file": of.client, "ssl_key_file": of.client_key,
        "ssl_key_password": KEY_PASSWORD,
    }  # fmt: skip
    ways: dict[str, dict[str, Any]] = {
        "SCRAM-SHA-512": {"bootstrap_servers": server.address("SCRAM"), **scram},
        "SCRAM-SHA-256": {"bootstrap_servers": server.address("SCRAM"), "sasl_mechanism": "SCRAM-SHA-256", **scram},
        "PLAIN": {
            "bootstrap_servers": server.address("PLAIN"), "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "PLAIN", **ACCOUNT,
        },
        "client certificate": {"bootstrap_servers": server.address("MUTUAL"), **mutual},
    }  # fmt: skip
    return ways[way]


def environment(found: dict[str, Any]) -> dict[str, str]:
    return {f"ENGAGE_{name.upper()}": str(value) for name, value in found.items()}


def engage(arguments: str, found: dict[str, Any]) -> Any:
    return CliRunner().invoke(main, arguments.split(), env=environment(found))


@pytest.fixture(scope="module")
def fed(secure_kafka: SecureKafka) -> SecureKafka:
    """The topics, and events in them, both brought there by the command line over SCRAM and TLS."""
    way = access(secure_kafka, "SCRAM-SHA-512")
    made = engage("topics create --partitions 2", way)
    assert made.exit_code == 0, made.output
    sent = engage(
        f"simulate --customers 60 --events {COUNT} --days 20 --seed 3 --bootstrap {way['bootstrap_servers']}", way
    )
    assert (sent.exit_code, "sent to" in sent.output) == (0, True), sent.output
    return secure_kafka


def secure_settings(server: SecureKafka, way: str, folder: Path, **more: Any) -> Settings:
    found = access(server, way)
    broker = SimpleNamespace(bootstrap_servers=found.pop("bootstrap_servers"))
    found |= {"application_id": way.lower().replace(" ", "-"), "create_topics": True, "partitions": 2, **more}
    return worker_settings(broker, folder, **found)


async def test_a_worker_over_scram_and_tls_says_what_a_replay_says(fed: SecureKafka, tmp_path: Path) -> None:
    sent = [Input(*found) for found in events(Simulation(customers=60, events=COUNT, days=20, seed=3))]
    expected = replayed(sent, tmp_path / "replay")
    async with running(secure_settings(fed, "SCRAM-SHA-512", tmp_path)) as worker:
        await idle(worker, COUNT)
    assert [item["id"] for item in emitted(fed)] == [item["id"] for item in expected.emitted]
    async with running(secure_settings(fed, "SCRAM-SHA-512", tmp_path)) as again:
        assert sum(lane.customers.count for lane in again.lanes.lanes.values()) == len(expected.customers)
    checked = engage("topics check --set application_id=scram-sha-512", access(fed, "SCRAM-SHA-512"))
    assert checked.exit_code == 0, checked.output


@pytest.mark.parametrize("way", ["SCRAM-SHA-256", "PLAIN", "client certificate"])
async def test_a_worker_comes_in_every_way_that_the_settings_name(fed: SecureKafka, tmp_path: Path, way: str) -> None:
    async with running(secure_settings(fed, way, tmp_path)) as worker:
        await idle(worker, COUNT)


REFUSED = {
    "a wrong password": ("SCRAM-SHA-512", {"sasl_password": "wrong-Pa55"}, "ENGAGE_SASL_PASSWORD"),
    "an unknown user": ("PLAIN", {"sasl_username": "nobody"}, "ENGAGE_SASL_USERNAME"),
    "another mechanism": ("SCRAM-SHA-512", {"sasl_mechanism": "PLAIN"}, "ENGAGE_SASL_MECHANISM"),
    "an authority that did not sign": ("SCRAM-SHA-512", {"ssl_ca_file": "other_ca"}, "check ENGAGE_SSL_CA_FILE"),
    "a certificate of another host": (
        "SCRAM-SHA-512", {"bootstrap_servers": "MISNAMED"}, "of another host: .* check ENGAGE_BOOTSTRAP_SERVERS",
    ),
    "no certificate of the client": (
        "client certificate", {"ssl_cert_file": None, "ssl_key_file": None, "ssl_key_password": None},
        "wants a client certificate: check ENGAGE_SSL_CERT_FILE",
    ),
    "TLS where there is none": (
        "SCRAM-SHA-512", {"bootstrap_servers": "PLAIN"}, "speaks no TLS .* ENGAGE_SECURITY_PROTOCOL",
    ),
}  # fmt: skip


def changed(server: SecureKafka, way: str, change: dict[str, Any]) -> dict[str, Any]:
    found = access(server, way) | change
    if "bootstrap_servers" in change:
        found["bootstrap_servers"] = server.address(change["bootstrap_servers"])
    if "ssl_ca_file" in change:
        found["ssl_ca_file"] = server.certificates.other_ca
    return {name: value for name, value in found.items() if value is not None}


@pytest.mark.parametrize("what", REFUSED)
def test_who_is_not_let_in_is_told_in_one_line_what_to_check(
    secure_kafka: SecureKafka, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    way, change, words = REFUSED[what]
    monkeypatch.setattr(reach, "_PATIENCE_SECONDS", 1.0)
    refused = engage("topics check", found := changed(secure_kafka, way, change))
    assert refused.exit_code == 70, refused.output
    assert len(refused.stderr.splitlines()) == 1
    assert found["bootstrap_servers"] in refused.stderr
    assert re.search(words, refused.stderr), refused.stderr
    for secret in (KAFKA_PASSWORD, KEY_PASSWORD, "wrong-Pa55"):
        assert secret not in refused.output


@pytest.mark.parametrize("command", ["worker --http-port 0", "simulate --customers 5 --bootstrap {}"])
def test_a_worker_and_a_tool_end_with_70_on_a_wrong_password(secure_kafka: SecureKafka, command: str) -> None:
    found = changed(secure_kafka, "SCRAM-SHA-512", {"sasl_password": "wrong-Pa55"})
    ended = subprocess.run(
        [sys.executable, "-m", "agents.cli", *command.format(found["bootstrap_servers"]).split()],
        env={**os.environ, **environment(found)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (ended.returncode, len(ended.stderr.splitlines())) == (70, 1), ended.stderr
    assert "ENGAGE_SASL_PASSWORD" in ended.stderr
    assert "Pa55" not in ended.stdout + ended.stderr


async def test_records_larger_than_any_event_are_cut_dead_letters_and_stop_nobody(
    fed: SecureKafka, tmp_path: Path
) -> None:
    producer = Producer({"bootstrap.servers": fed.bootstrap_servers, "message.max.bytes": 1_040_000, "log_level": 0})
    producer.produce("surveys", b"\xff" * 1_000_000, b"c")
    producer.produce("surveys", b"no json", b"\xff" * 700_000)
    producer.produce("surveys", b"no json", b"c", headers=[("h", b"\x00" * 800_000)])
    assert producer.flush(30) == 0
    async with running(secure_settings(fed, "SCRAM-SHA-512", tmp_path, application_id="oversize")) as worker:
        await idle(worker, COUNT + 3)
    letters = [json.loads(message.value()) for message in records(fed, "dead-letters")]
    details = {letter["detail"] for letter in letters}
    assert {detail.partition("(kept")[2] for detail in details} == {
        ": the first 262144 of 1000000 bytes of the value)",
        ": the first 512 of 700000 bytes of the key)",
        ": none of 1 headers)",
    }


async def test_no_secret_is_seen_of_a_worker_that_tells_all_it_can(fed: SecureKafka, tmp_path: Path) -> None:
    found = access(fed, "SCRAM-SHA-512") | {
        "application_id": "talkative", "http_port": free_port(), "http_token": "token-Pa55", "data_dir": tmp_path,
        "redis_url": f"rediss://:redis-Pa55@127.0.0.1:{free_port()}/0", "redis_ca_file": fed.certificates.ca,
    }  # fmt: skip
    log = tmp_path / "log"
    with log.open("wb") as out:
        worker = subprocess.Popen(
            [sys.executable, "-m", "agents.cli", "worker", "--log-level", "debug"],
            env={**os.environ, **environment(found)}, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        shown = await shown_by(f"http://127.0.0.1:{found['http_port']}", worker)
        commands = Path(f"/proc/{worker.pid}/cmdline").read_bytes().decode()
        while b"view cannot be written" not in log.read_bytes():
            await asyncio.sleep(0.05)
    finally:
        worker.terminate()
        worker.wait(40)
    said = log.read_text()
    assert "DEBUG" in said
    assert "customers" in said
    settings = load_settings(**found)
    for text in (said, shown, commands, repr(settings), str(settings), settings.model_dump_json(), repr(fed)):
        assert "Pa55" not in text


async def shown_by(url: str, worker: subprocess.Popen[bytes]) -> str:
    """All that the HTTP of a ready worker tells somebody without the token."""
    async with ClientSession() as session:
        while True:
            assert worker.poll() is None, "the worker has stopped"
            with suppress(ClientError):
                async with session.get(f"{url}/readyz") as response:
                    if response.status == 200:
                        break
            await asyncio.sleep(0.1)
        found = []
        for path in ("/", "/metrics", "/livez", "/readyz", "/customers/c000001"):
            async with session.get(url + path) as response:
                found.append(f"{response.status} {response.headers} {await response.text()}")
    assert found[-1].startswith("401")
    return "\n".join(found)


async def test_no_customer_is_named_in_the_log_or_the_metrics_of_a_worker_with_bad_input(
    fed: SecureKafka, tmp_path: Path
) -> None:
    """At level info, with a fifth of the input broken, late or double, and a Redis that is not there."""
    sent = [Input(*item) for item in events(Simulation(customers=40, events=400, days=30, dirty=0.2, seed=9))]
    marked = [Input(item.topic, item.key and f"PERSON{item.key}", named(item.value)) for item in sent]
    feed(fed, [*marked, Input("email", "PERSON-x", b'{"customer_id": "PERSON-x", "type": "PERSON"}')])
    found = access(fed, "PLAIN") | {
        "application_id": "discreet", "http_port": free_port(), "clock": "event", "data_dir": tmp_path,
        "redis_url": f"redis://127.0.0.1:{free_port()}/0", "http_token": "token-Pa55",
    }  # fmt: skip
    log = tmp_path / "log"
    with log.open("wb") as out:
        worker = subprocess.Popen(
            [sys.executable, "-m", "agents.cli", "worker"],
            env={**os.environ, **environment(found)}, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{found['http_port']}"
        shown = await shown_by(url, worker)
        while not re.search(r'engage_dead_letters_total\{[^}]*reason="schema"[^}]*topic="email"\} [1-9]', shown):
            await asyncio.sleep(0.2)
            shown = await shown_by(url, worker)
    finally:
        worker.terminate()
        worker.wait(40)
    assert "view cannot be written" in log.read_text()
    for text in (log.read_text(), shown):
        assert "PERSON" not in text
        assert not re.search(r"\bc0000\d\d\b", text.replace("/customers/c000001", ""))


def named(value: bytes) -> bytes:
    return re.sub(rb"c(0000\d\d)", rb"PERSONc\1", value)
