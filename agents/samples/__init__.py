"""Samples of real data that come with the product; NOTICE.md says where they are from and under which licence."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ACCESS_LOG: Final = Path(__file__).with_name("access_log.gz")
"""Four days of a real web access log: 10,000 requests of 1,753 visitors (``engage convert access-log``)."""
