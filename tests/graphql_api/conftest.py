"""The API's tests run on what a small and on what a large operator has.

Limits in PostgreSQL are tested by tests/services/common/test_limits.py, and by the tests here that are about limits,
which parametrize `stores` themselves.
"""

import pytest


@pytest.fixture(params=["sqlite", "postgresql and redis"])
def stores(request: pytest.FixtureRequest) -> str:
    return str(request.param)
