"""A row: one figure of one slice and day, as one lane has counted it."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from sys import intern
from typing import NamedTuple

import msgspec

from agents.changelog import FIGURE
from streams.figures.fact import Amount, Slice

_encode = msgspec.msgpack.Encoder().encode
_keys = msgspec.msgpack.Decoder(tuple[int, str | None, str | None, int | None, str])
_values = msgspec.msgpack.Decoder(tuple[int | Decimal, int])


class Row(NamedTuple):
    """``day`` None is all days."""

    lane: int
    where: Slice
    day: int | None
    figure: str


def lean(row: Row) -> Row:
    """The same row, made of slices and names that all rows share: there are many rows, and few of those."""
    return Row(row.lane, _shared(*row.where), row.day, intern(row.figure))


@lru_cache(maxsize=50_000)
def _shared(dimension: str | None, value: str | None) -> Slice:
    return dimension, value


class Sum(NamedTuple):
    """An amount, and the lane's time (ms) when it became that."""

    amount: Amount
    at: int


def pack_row(row: Row) -> bytes:
    """The key of a row."""
    return FIGURE + _encode((row.lane, *row.where, row.day, row.figure))


def unpack_row(key: bytes) -> Row:
    """The row of a key."""
    lane, dimension, value, day, figure = _keys.decode(key[1:])
    return lean(Row(lane, (dimension, value), day, figure))


def pack_sum(total: Sum) -> bytes:
    """The value of a row."""
    return _encode(tuple(total))


def unpack_sum(value: bytes) -> Sum:
    """The sum of a value."""
    return Sum(*_values.decode(value))
