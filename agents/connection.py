"""How clients of this worker connect to Kafka: one place for addresses, encryption and credentials."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agents.settings import Settings


def tls(settings: Settings) -> ssl.SSLContext | None:
    """The TLS context, or None where the protocol has none. Certificates and host names are always checked.

    Raises:
        ValueError: a file cannot be read or is not what it should be. Operator action: correct the named setting.

    """
    if not encrypted(settings):
        return None
    try:
        context = ssl.create_default_context(cafile=settings.ssl_ca_file)
    except OSError as error:
        raise ValueError(_unusable("ssl_ca_file", settings.ssl_ca_file, "certificates in PEM", error)) from None
    if settings.ssl_cert_file:
        password = settings.ssl_key_password.get_secret_value() if settings.ssl_key_password else ""
        try:
            context.load_cert_chain(settings.ssl_cert_file, settings.ssl_key_file, lambda: password)
        except OSError as error:
            expected = "a certificate in PEM, its key in ssl_key_file, and the password of that in ssl_key_password"
            raise ValueError(_unusable("ssl_cert_file", settings.ssl_cert_file, expected, error)) from None
    return context


def encrypted(settings: Settings) -> bool:
    """Whether connections to Kafka are encrypted."""
    return settings.security_protocol in {"SSL", "SASL_SSL"}


def with_account(settings: Settings) -> bool:
    """Whether Kafka is told a user and a password."""
    return settings.security_protocol.startswith("SASL")


def contradiction(settings: Settings) -> str | None:
    """What in the settings of connections does not go together, in one line without values; None when all does.

    What would send in the clear what somebody believes to be protected is refused too.
    """
    if with_account(settings) and not (settings.sasl_username and settings.sasl_password.get_secret_value()):
        return f"security_protocol {settings.security_protocol} needs sasl_username and sasl_password"
    if not with_account(settings) and settings.sasl_password.get_secret_value():
        return f"sasl_password is not used with security_protocol {settings.security_protocol}: SASL_SSL is meant?"
    if not encrypted(settings) and settings.ssl_ca_file:
        return f"ssl_ca_file is not used with security_protocol {settings.security_protocol}: SASL_SSL or SSL is meant?"
    if bool(settings.ssl_cert_file) != bool(settings.ssl_key_file):
        return "ssl_cert_file and ssl_key_file go together"
    if bool(settings.redis_cert_file) != bool(settings.redis_key_file):
        return "redis_cert_file and redis_key_file go together"
    url = settings.redis_url.get_secret_value() if settings.redis_url else ""
    if url and settings.redis_ca_file and not url.startswith("rediss:"):
        return "redis_ca_file is not used unless redis_url begins with rediss://"
    for name in ("redis_ca_file", "redis_cert_file", "redis_key_file"):
        path = getattr(settings, name)
        if path is not None and not path.is_file():
            return f"{name}: there is no file {path}"
    try:
        tls(settings)
    except ValueError as error:
        return str(error)
    return None


def aiokafka_options(settings: Settings) -> dict[str, Any]:
    """Connection arguments of an aiokafka client."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap_servers,
        "security_protocol": settings.security_protocol,
        "request_timeout_ms": settings.request_timeout_ms,
    }
    if (context := tls(settings)) is not None:
        options["ssl_context"] = context
    if with_account(settings):
        options |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.sasl_username,
            "sasl_plain_password": settings.sasl_password.get_secret_value(),
        }
    return options


def _unusable(name: str, path: object, expected: str, error: OSError) -> str:
    reason = error.strerror if isinstance(error, ssl.SSLError) is False and error.strerror else "it is not that"
    return f"{name} {path}: expected {expected}: {reason}"
