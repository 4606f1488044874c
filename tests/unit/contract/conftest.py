"""Each story of these tests is also told to the reference."""

from __future__ import annotations

import pytest

from tests.opinion import second_opinion

__all__ = ["second_opinion"]


@pytest.fixture(autouse=True)
def _told_twice(second_opinion: None) -> None:
    """The core and the reference agree on every story."""
