"""The view in a Redis that speaks TLS only, asks for a password, and for a certificate of the client."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from redis.exceptions import ResponseError

from agents.cli.main import main
from agents.embedded import EmbeddedBroker
from agents.local import redis
from agents.settings import Settings
from agents.view.refusal import refusal
from tests.agents.running import event, feed, idle, make_topics, running, worker_settings
from tests.conftest import need
from tests.integration.secure import REDIS_PASSWORD, Certificates, SecureRedis
from tests.integration.viewing import written

pytestmark = [pytest.mark.timeout(90), pytest.mark.redis]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def secure_redis(certificates: Certificates) -> Iterator[SecureRedis]:
    need(redis.missing)
    with SecureRedis(certificates) as server:
        yield server


def access(server: SecureRedis, of: Certificates) -> dict[str, Any]:
    return {
        "redis_url": server.address, "redis_password": REDIS_PASSWORD, "redis_ca_file": of.ca,
        "redis_cert_file": of.client, "redis_key_file": of.open_key,
    }  # fmt: skip


def fed(broker: EmbeddedBroker, folder: Path, **more: Any) -> Settings:
    settings = worker_settings(broker, folder, view_flush_ms=20, **more)
    make_topics(broker, settings)
    feed(broker, [event("email", "clicked", "ann", 0, "e1", message_id="m")])
    return settings


def show(**found: Any) -> Any:
    names = {f"ENGAGE_{name.upper()}": str(value) for name, value in found.items()}
    return CliRunner().invoke(main, ["view", "show", "ann"], env=names)


async def test_the_view_is_written_and_read_over_tls(
    embedded_broker: EmbeddedBroker, secure_redis: SecureRedis, certificates: Certificates, tmp_path: Path
) -> None:
    found = access(secure_redis, certificates)
    async with running(fed(embedded_broker, tmp_path, **found)) as worker:
        await idle(worker, 1)
        await written(worker)
    with secure_redis.client() as client:
        assert json.loads(client.get("engage:customer:ann"))["score"] == 5
    assert json.loads(show(**found).output)["customer_id"] == "ann"


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "password": ({"redis_password": "wrong-Pa55"}, "refuses the password: check ENGAGE_REDIS_PASSWORD"),
    "authority": ({"redis_ca_file": "other_ca"}, "check ENGAGE_REDIS_CA_FILE"),
    "certificate": ({"redis_cert_file": None, "redis_key_file": None}, "Redis"),
}


@pytest.mark.parametrize("what", WRONG)
async def test_a_redis_that_refuses_is_told_of_plainly_and_the_engine_goes_on(
    embedded_broker: EmbeddedBroker,
    secure_redis: SecureRedis,
    certificates: Certificates,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    what: str,
) -> None:
    change, words = WRONG[what]
    found = access(secure_redis, certificates) | change
    found = {name: certificates.other_ca if value == "other_ca" else value for name, value in found.items()}
    found = {name: value for name, value in found.items() if value is not None}
    if what == "password":
        caplog.set_level(logging.DEBUG)
        async with running(fed(embedded_broker, tmp_path, **found)) as worker:
            await idle(worker, 1)
            while "The view cannot be written" not in caplog.text:
                await asyncio.sleep(0.02)
            assert worker.view is not None
            assert not worker.view.up_to_date
        assert words in caplog.text
        assert "Pa55" not in caplog.text
    refused = show(**found)
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (70, 1), refused.output
    assert words in refused.stderr
    assert "Pa55" not in refused.output


def test_what_redis_answers_is_told_without_the_command_that_names_a_customer() -> None:
    answered = ResponseError("Command # 2 (SET engage:customer:ann {}) of pipeline caused error: ('OOM command not',)")
    assert refusal(answered) == "Redis answers OOM"
    assert refusal(ResponseError("WRONGTYPE Operation of ann")) == "Redis answers WRONGTYPE"
    assert refusal(ResponseError("no such ann")) == "ResponseError"
    assert refusal(KeyError("ann")) == "KeyError"
