"""The switch that writes the golden files anew."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """``pytest tests/golden --golden-update``: write what the engine says, to be read before it is committed."""
    parser.addoption("--golden-update", action="store_true", help="write the golden files anew")


@pytest.fixture(scope="session")
def golden_update(request: pytest.FixtureRequest) -> bool:
    """Whether the files are to be written anew; the option is known only when this folder is named."""
    return bool(request.config.getoption("--golden-update", default=False))
