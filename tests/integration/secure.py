"""Apache Kafka and Redis as they are in production: encrypted, with accounts. Certificates are made on the spot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import trustme
from confluent_kafka.admin import (
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from cryptography.hazmat.primitives import serialization
from redis import Redis, RedisError

from agents.local.kafka import KafkaServer
from agents.local.process import LOOPBACK, free_port
from agents.local.redis import RedisServer

USER = "engage"
KAFKA_PASSWORD = "kafka-Pa55-of-the-tests"  # noqa: S105
REDIS_PASSWORD = "redis-Pa55-of-the-tests"  # noqa: S105
KEY_PASSWORD = "key-Pa55-of-the-tests"  # noqa: S105
_MODULES = "org.apache.kafka.common.security"
_LISTENERS = {"SCRAM": "SASL_SSL", "PLAIN": "SASL_PLAINTEXT", "MUTUAL": "SSL", "MISNAMED": "SASL_SSL"}


class Certificates:
    """A certificate authority with a folder of PEM files, and another one that nobody should trust."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._authority = trustme.CA()
        self.ca = folder / "ca.pem"
        self._authority.cert_pem.write_to_path(str(self.ca))
        self.other_ca = folder / "other-ca.pem"
        trustme.CA().cert_pem.write_to_path(str(self.other_ca))
        self.server = self._issue("server", "localhost", LOOPBACK)
        self.misnamed = self._issue("misnamed", "kafka.elsewhere.test")
        self.client, self.client_key, self.open_key = self._client()

    def _issue(self, name: str, *hosts: str) -> Path:
        """One PEM file with a private key (PKCS 8) and its certificate."""
        issued = self._authority.issue_cert(*hosts)
        return self._write(name, _key(issued), *(pem.bytes() for pem in issued.cert_chain_pems))

    def _client(self) -> tuple[Path, Path, Path]:
        """Certificate of a client, and its private key: encrypted, and not."""
        issued = self._authority.issue_cert("engage@clients.test", common_name=USER)
        certificate = self._write("client", *(pem.bytes() for pem in issued.cert_chain_pems))
        key = self._write("client-key", _key(issued, KEY_PASSWORD))
        return certificate, key, self._write("client-open-key", _key(issued))

    def _write(self, name: str, *parts: bytes) -> Path:
        path = self.folder / f"{name}.pem"
        path.write_bytes(b"".join(parts))
        return path


def _key(issued: trustme.LeafCert, password: str | None = None) -> bytes:
    key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
    lock: Any = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)


class SecureKafka(KafkaServer):
    """A broker with listeners for SCRAM and client certificates over TLS, and for PLAIN.

    Its plain listener is there for the tests themselves; ``address`` names the others.
    """

    def __init__(self, certificates: Certificates) -> None:
        super().__init__()
        self.certificates = certificates
        self._ports = {name: free_port() for name in _LISTENERS}

    def address(self, listener: str) -> str:
        """Where ``SCRAM``, ``PLAIN``, ``MUTUAL`` or ``MISNAMED`` (a certificate of another host) listens."""
        return f"{LOOPBACK}:{self._ports[listener]}"

    def start(self) -> Self:
        """Start, and make the account."""
        super().start()
        admin = AdminClient({"bootstrap.servers": self.bootstrap_servers, "log_level": 0})
        for mechanism in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):
            credential = ScramCredentialInfo(mechanism, 4096)
            made = admin.alter_user_scram_credentials(
                [UserScramCredentialUpsertion(USER, credential, KAFKA_PASSWORD.encode())]
            )
            made[USER].result(30)
        return self

    def _node(self) -> dict[str, str]:
        node = super()._node()
        listeners = ",".join(f"{name}://{self.address(name)}" for name in _LISTENERS)
        protocols = ",".join(f"{name}:{protocol}" for name, protocol in _LISTENERS.items())
        node["listeners"] += f",{listeners}"
        node["advertised.listeners"] += f",{listeners}"
        node["listener.security.protocol.map"] += f",{protocols}"
        node["inter.broker.listener.name"] = "PLAINTEXT"
        node |= {"ssl.truststore.type": "PEM", "ssl.truststore.location": str(self.certificates.ca)}
        for name in ("SCRAM", "MUTUAL", "MISNAMED"):
            of = self.certificates.misnamed if name == "MISNAMED" else self.certificates.server
            prefix = f"listener.name.{name.lower()}"
            node |= {f"{prefix}.ssl.keystore.type": "PEM", f"{prefix}.ssl.keystore.location": str(of)}
            if name == "MUTUAL":
                node[f"{prefix}.ssl.client.auth"] = "required"
                continue
            node[f"{prefix}.sasl.enabled.mechanisms"] = "SCRAM-SHA-256,SCRAM-SHA-512"
            for mechanism in ("scram-sha-256", "scram-sha-512"):
                node[f"{prefix}.{mechanism}.sasl.jaas.config"] = f"{_MODULES}.scram.ScramLoginModule required;"
        node["listener.name.plain.sasl.enabled.mechanisms"] = "PLAIN"
        node["listener.name.plain.plain.sasl.jaas.config"] = (
            f'{_MODULES}.plain.PlainLoginModule required user_{USER}="{KAFKA_PASSWORD}";'
        )
        return node


class SecureRedis(RedisServer):
    """Redis that speaks nothing but TLS, and asks for a password and for a client certificate."""

    def __init__(self, certificates: Certificates) -> None:
        super().__init__(password=REDIS_PASSWORD)
        self._certificates = certificates

    @property
    def address(self) -> str:
        """Where clients connect, without the password."""
        return f"rediss://{LOOPBACK}:{self._port}/0"

    def client(self) -> Redis:
        """A client of the tests' own."""
        return Redis.from_url(
            self.address, password=REDIS_PASSWORD, ssl_ca_certs=str(self._certificates.ca),
            ssl_certfile=str(self._certificates.client), ssl_keyfile=str(self._certificates.open_key),
            socket_timeout=1.0, socket_connect_timeout=1.0,
        )  # fmt: skip

    def settings(self) -> bytes:
        """Return the server's settings: the port is one of TLS."""
        of = self._certificates
        lines: Sequence[str] = (
            "port 0", f"tls-port {self._port}", f'tls-cert-file "{of.server}"', f'tls-key-file "{of.server}"',
            f'tls-ca-cert-file "{of.ca}"', "tls-auth-clients yes",
        )  # fmt: skip
        plain = [line for line in super().settings().decode().splitlines() if not line.startswith("port ")]
        return "\n".join([*plain, *lines]).encode() + b"\n"

    def answers(self, seconds: float) -> bool:
        """Whether the server answers a ping."""
        with self.client() as client:
            try:
                return bool(client.ping())
            except RedisError:
                return False
