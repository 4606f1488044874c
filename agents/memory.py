"""How much memory this process may take, as its control group says."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_CGROUP: Final = Path("/sys/fs/cgroup")
_FILES: Final = ("memory.max", "memory/memory.limit_in_bytes")
_UNLIMITED: Final = 1 << 60


def memory_limit(cgroup: Path = _CGROUP) -> int:
    """The limit in bytes; 0 when there is none or it cannot be read (control groups of either version)."""
    for name in _FILES:
        try:
            text = (cgroup / name).read_text(encoding="ascii").strip()
        except OSError:
            continue
        return int(text) if text.isdecimal() and int(text) < _UNLIMITED else 0
    return 0
