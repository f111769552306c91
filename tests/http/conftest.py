import pytest


@pytest.fixture
def stores() -> str:
    """The endpoint is the same over any database."""
    return "sqlite"
