"""State as bytes: msgpack behind one byte of version."""

from __future__ import annotations

import msgspec

from streams.state import Customer, Erased

CUSTOMER, ERASED = b"\x01", b"\x02"


def _plain(value: object) -> int:
    """Instants and durations are whole numbers of milliseconds."""
    if isinstance(value, int):
        return int(value)
    message = f"state holds {type(value).__name__}, which has no form as bytes"
    raise TypeError(message)


_encoder = msgspec.msgpack.Encoder(enc_hook=_plain)
_customers = msgspec.msgpack.Decoder(Customer)
_erasures = msgspec.msgpack.Decoder(Erased)


class UnknownStateError(ValueError):
    """The bytes are no state of a version this engine knows.

    Operator action: run the version of the engine that wrote them, or rebuild the state from the input topics.
    """


def encode(state: Customer | Erased) -> bytes:
    """The state as bytes."""
    return (CUSTOMER if isinstance(state, Customer) else ERASED) + _encoder.encode(state)


def decode(data: bytes) -> Customer | Erased:
    """The state of bytes.

    Raises:
        UnknownStateError: the version is not known, or the bytes are damaged.

    """
    version, body = data[:1], memoryview(data)[1:]
    try:
        if version == CUSTOMER:
            return _customers.decode(body)
        if version == ERASED:
            return _erasures.decode(body)
    except msgspec.MsgspecError as error:
        message = f"state that cannot be read: {error}"
        raise UnknownStateError(message) from error
    message = f"state of an unknown version {version!r}"
    raise UnknownStateError(message)
