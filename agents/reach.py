"""Whether the brokers let a client in; when not, why, in words that name what to check and never a secret."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from confluent_kafka import KafkaError, KafkaException

from agents.connection import encrypted, tls

if TYPE_CHECKING:
    from agents.settings import Settings

T = TypeVar("T")

_PATIENCE_SECONDS: Final = 3.0
"""So long a refusal may be that of one broker among others which are slower."""
_PROBE_SECONDS: Final = 3.0
_ANSWER_SECONDS: Final = 15.0
_AGAIN_SECONDS: Final = 0.2
_NOT_YET: Final = {
    KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_NOT_AVAILABLE, KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE, KafkaError.UNKNOWN_TOPIC_OR_PART,
}  # fmt: skip
_CHECK_ACCOUNT: Final = "check ENGAGE_SASL_USERNAME and ENGAGE_SASL_PASSWORD"
_CHECK_CLIENT: Final = "check ENGAGE_SSL_CERT_FILE and ENGAGE_SSL_KEY_FILE"
_CHECK_PROTOCOL: Final = "check ENGAGE_SECURITY_PROTOCOL and the port"


class BrokerError(ConnectionError):
    """The broker does not answer or refuses.

    Operator action: see that the address is right, that the broker runs, and that these credentials may describe and
    create topics.
    """


class Refusals:
    """Give it to a confluent-kafka client as ``error_cb``: it keeps why connections did not come about."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.reason: str | None = None
        """The latest refusal that trying again does not mend."""

    def __call__(self, error: KafkaError) -> None:
        """What librdkafka says of a connection."""
        self.reason = self._words(error) or self.reason

    def _words(self, error: KafkaError) -> str | None:
        code, text = error.code(), error.str()
        if code == KafkaError._AUTHENTICATION:  # noqa: SLF001 - its public name
            if "mechanism" in text and "handshake" in text:
                mechanism = self._settings.sasl_mechanism
                return f"it takes no {mechanism}: check ENGAGE_SASL_MECHANISM"
            return f"it refuses this user or password: {_CHECK_ACCOUNT}"
        if "certificate verify failed" in text:
            return certificate_fault(self._settings)
        if "PLAINTEXT broker listener" in text:
            return f"it speaks no TLS at this address: {_CHECK_PROTOCOL}"
        if encrypted(self._settings) and "alert" in text and "certificate" in text:
            what = "refuses this client's certificate" if self._settings.ssl_cert_file else "wants a client certificate"
            return f"it {what}: {_CHECK_CLIENT}"
        return None


def metadata(client: Any, refusals: Refusals, settings: Settings, seconds: float) -> Any:
    """The cluster's metadata, as ``list_topics`` gives it; ``client`` has these ``refusals`` as its ``error_cb``.

    Raises:
        BrokerError: no broker answers in so many seconds, or they refuse this client.

    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return client.list_topics(timeout=min(_PATIENCE_SECONDS, max(0.1, deadline - time.monotonic())))
        except KafkaException as error:
            client.poll(0)
            if refusals.reason is None and time.monotonic() < deadline:
                continue
            reason = (
                refusals.reason or f"{error.args[0].str()}; does it run there, and speak what we do? {_asked(settings)}"
            )
            message = f"broker {settings.bootstrap_servers}: {reason}"
            raise BrokerError(message) from error


def patiently(look: Callable[[], T], seconds: float = _ANSWER_SECONDS) -> T:
    """What ``look`` gives. A broker or a topic that has only just come up is asked again until it knows who keeps what.

    Raises:
        KafkaException: another failure, or still this one after so many seconds.

    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return look()
        except KafkaException as error:
            if error.args[0].code() not in _NOT_YET or time.monotonic() > deadline:
                raise
            time.sleep(_AGAIN_SECONDS)


def seen(listed: Any, names: Sequence[str]) -> dict[str, int]:
    """Partitions of these topics in a cluster's metadata: brokers hear of a new topic one after another.

    Raises:
        KafkaException: one is not seen, or not yet (for ``patiently``).

    """
    unseen = [name for name in names if name not in listed.topics or not listed.topics[name].partitions]
    if unseen:
        raise KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART, f"not seen: {', '.join(unseen)}"))
    return {name: len(listed.topics[name].partitions) for name in names}


def certificate_fault(settings: Settings) -> str:
    """Why the certificate of a broker is refused: librdkafka does not tell its authority and its host name apart."""
    for address in settings.bootstrap_servers.split(","):
        host, _, port = address.strip().rpartition(":")
        host = host.strip("[]")
        try:
            with (
                socket.create_connection((host, int(port)), _PROBE_SECONDS) as plain,
                _context(settings).wrap_socket(plain, server_hostname=host),
            ):
                continue
        except ssl.SSLCertVerificationError as error:
            if "mismatch" in error.verify_message or "not valid for" in error.verify_message:
                return f"its certificate is of another host: {error.verify_message} check ENGAGE_BOOTSTRAP_SERVERS"
            return f"its certificate is not trusted: {error.verify_message}: check ENGAGE_SSL_CA_FILE"
        except (OSError, ValueError):
            continue
    return "its certificate is not trusted: check ENGAGE_SSL_CA_FILE and the host names of ENGAGE_BOOTSTRAP_SERVERS"


def _context(settings: Settings) -> ssl.SSLContext:
    return tls(settings) or ssl.create_default_context()


def _asked(settings: Settings) -> str:
    return f"(ENGAGE_SECURITY_PROTOCOL is {settings.security_protocol})"
