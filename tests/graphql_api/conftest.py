"""The API's tests run on every combination of stores that there is."""

import pytest


@pytest.fixture(params=["sqlite", "postgresql", "postgresql and redis"])
def stores(request: pytest.FixtureRequest) -> str:
    return str(request.param)
