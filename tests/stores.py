"""Marks for tests, classes and modules that need fewer stores than their folder has, or more."""

import pytest

# What the store cannot change: validation, texts, and how a request is read.
ON_SQLITE = pytest.mark.parametrize("stores", ["sqlite"])
ON_POSTGRESQL = pytest.mark.parametrize("stores", ["postgresql", "postgresql and redis"])
# Limits are counted in either database, or in Redis.
ON_EVERY_LIMIT_STORAGE = pytest.mark.parametrize("stores", ["sqlite", "postgresql", "postgresql and redis"])
