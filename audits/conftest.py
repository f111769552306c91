"""The tests' databases and their API, for audits in this process."""

from tests.conftest import database_url, make_api, postgresql_url, sqlite_template

__all__ = ["database_url", "make_api", "postgresql_url", "sqlite_template"]
