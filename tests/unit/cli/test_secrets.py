"""Secrets come from the environment or from files; what is wrong with settings is said without showing them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from agents.cli.main import main
from agents.settings import Settings, secrets
from agents.view.keys import address_of

HUSH = "hush-Pa55"
ACCOUNT = {"sasl_username": "worker", "sasl_password": HUSH}


def engage(arguments: list[str], **environment: str) -> Any:
    return CliRunner().invoke(
        main, arguments, env={f"ENGAGE_{name.upper()}": text for name, text in environment.items()}
    )


@pytest.mark.parametrize("name", sorted(secrets() - {"redis_url"}))
def test_a_secret_is_not_taken_from_the_command_line(name: str) -> None:
    refused = engage(["topics", "check", "--set", f"{name}={HUSH}"])
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (1, 1)
    assert f"ENGAGE_{name.upper()}" in refused.stderr
    assert f"engage_{name}" in refused.stderr
    assert HUSH not in refused.output


@pytest.mark.parametrize("arguments", [["view", "show", "ann"], ["view", "check"], ["explain", "ann"], ["worker"]])
def test_an_address_of_redis_with_a_password_is_not_taken_from_the_command_line(arguments: list[str]) -> None:
    refused = engage([*arguments, "--redis", f"redis://:{HUSH}@127.0.0.1:1/0"])
    assert (refused.exit_code, "ENGAGE_REDIS_URL" in refused.stderr) == (1, True)
    assert HUSH not in refused.output


@pytest.mark.parametrize("url", [f"redis://:{HUSH}#2@redis:6379", f"redis://redis:{HUSH}", f"http://{HUSH}@redis"])
def test_an_address_that_cannot_be_read_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ValueError, match="redis_url: expected redis://HOST:PORT/DB") as refused:
        address_of(Settings(redis_url=url))  # type: ignore[arg-type]
    assert HUSH not in str(refused.value)
    shown = engage(["view", "show", "ann"], redis_url=url)
    assert (shown.exit_code, HUSH in shown.output) == (1, False)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"security_protocol": "SASL_SSL"}, "needs sasl_username and sasl_password"),
        ({"security_protocol": "SASL_PLAINTEXT", "sasl_username": "worker"}, "needs sasl_username and sasl_password"),
        (ACCOUNT, "sasl_password is not used with security_protocol PLAINTEXT"),
        ({"ssl_ca_file": "ca.pem"}, "ssl_ca_file is not used with security_protocol PLAINTEXT"),
        ({"security_protocol": "SSL", "ssl_cert_file": "ca.pem"}, "ssl_cert_file and ssl_key_file go together"),
        ({"security_protocol": "SSL", "ssl_ca_file": "nowhere.pem"}, "ssl_ca_file .*nowhere.pem: .* No such file"),
        ({"security_protocol": "SSL", "ssl_ca_file": "ca.pem"}, "ssl_ca_file .*ca.pem: expected certificates in PEM"),
        (
            {"security_protocol": "SSL", "ssl_cert_file": "ca.pem", "ssl_key_file": "ca.pem", "ssl_key_password": HUSH},
            "ssl_cert_file .*ca.pem: expected a certificate in PEM",
        ),
        ({"redis_url": "redis://r", "redis_ca_file": "ca.pem"}, "unless redis_url begins with rediss://"),
        ({"redis_url": "rediss://r", "redis_ca_file": "nowhere.pem"}, "redis_ca_file: there is no file"),
        ({"redis_cert_file": "ca.pem"}, "redis_cert_file and redis_key_file go together"),
    ],
)
def test_settings_that_contradict_each_other_are_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(ValidationError, match=words) as refused:
        Settings(**given)  # type: ignore[arg-type]
    assert HUSH not in str(refused.value)
    shown = engage(["topics", "check"], **given)
    assert (shown.exit_code, len(shown.stderr.splitlines())) == (1, 1)
    assert HUSH not in shown.output


def test_a_value_that_is_not_possible_is_not_repeated() -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(sasl_mechanism=HUSH)  # type: ignore[arg-type]
    assert HUSH not in str(refused.value)


def test_a_secrets_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    shown = engage(["topics", "check"], secrets_dir=str(tmp_path / "nowhere"))
    assert (shown.exit_code, "ENGAGE_SECRETS_DIR: there is no folder" in shown.stderr) == (1, True)
