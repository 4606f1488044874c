"""How the tests of the policy read one and see one refused."""

from pathlib import Path

import pytest

from schemas.policy import (
    Policy,
    PolicyError,
    load,
    merge,
)


def refusal(over):
    with pytest.raises(PolicyError) as error:
        merge(over)
    line = str(error.value)
    assert "\n" not in line
    return line


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def from_text(tmp_path: Path, text: str) -> Policy:
    return load(written(tmp_path, text))
