"""Simulated data in: believable customers over all six topics, the same bytes for the same settings.

``events`` is the stream, in order of arrival; ``write`` puts it into topic files.
"""

from __future__ import annotations

from agents.simulate.files import write
from agents.simulate.settings import START, Settings, SettingsError
from agents.simulate.stream import events

__all__ = ["START", "Settings", "SettingsError", "events", "write"]
