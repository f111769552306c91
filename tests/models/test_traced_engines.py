"""The traced clients of both databases: each statement is traced once, with its placeholders and without its values."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager

import pytest
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from app.database import connected, tortoise_configuration
from models.engines.traced import StatementTracer, Traced
from models.limit_counter import LimitCounter
from models.sql import fetch
from tests.conftest import _empty

KEY = "hunter2"


class Recorder(StatementTracer):
    """Keeps what was traced, and what of it failed."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.dialects: set[str] = set()
        self.failed: list[str] = []

    def statement(self, text: str, dialect: str) -> AbstractContextManager[object]:
        self.texts.append(text)
        self.dialects.add(dialect)
        return self._running(text)

    @property
    def verbs(self) -> list[str]:
        return [text.split()[0] for text in self.texts]

    @contextlib.contextmanager
    def _running(self, text: str) -> Iterator[None]:
        try:
            yield
        except Exception:
            self.failed.append(text.split()[0])
            raise


@pytest.fixture
async def recorder(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Recorder]:
    recorder = Recorder()
    async with connected(tortoise_configuration(database_url, traced=True)):
        monkeypatch.setattr(Traced, "tracer", recorder)
        try:
            yield recorder
        finally:
            await _empty()


async def test_every_statement_is_traced_once_without_its_values(recorder: Recorder, stores: str) -> None:
    await LimitCounter.create(key=KEY, count=1, expires_at=0)
    await LimitCounter.filter(key=KEY).update(count=2)
    await LimitCounter.get(key=KEY)
    await fetch("SELECT count FROM limit_counter WHERE key = $1", KEY)
    await LimitCounter.filter(key=KEY).delete()

    assert recorder.verbs == ["INSERT", "UPDATE", "SELECT", "SELECT", "DELETE"]
    assert recorder.dialects == {{"sqlite": "sqlite", "postgresql": "postgres"}[stores]}
    assert KEY not in "".join(recorder.texts)


async def test_a_bulk_insert_is_traced(recorder: Recorder) -> None:
    await LimitCounter.bulk_create([LimitCounter(key=str(number), count=1, expires_at=0) for number in range(3)])
    async with in_transaction():
        await LimitCounter.bulk_create([LimitCounter(key="x", count=1, expires_at=0)])

    assert [verb for verb in recorder.verbs if verb not in {"BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"}] == [
        "INSERT"
    ] * 2


async def test_transactions_and_savepoints_are_traced(recorder: Recorder) -> None:
    async with in_transaction():
        with contextlib.suppress(IntegrityError):
            async with in_transaction():
                await LimitCounter.create(key=KEY, count=1, expires_at=0)
                await LimitCounter.create(key=KEY, count=1, expires_at=0)
        async with in_transaction(), in_transaction():
            await LimitCounter.create(key=KEY, count=2, expires_at=0)
    with contextlib.suppress(ZeroDivisionError):
        async with in_transaction():
            raise ZeroDivisionError

    assert recorder.verbs == [
        *("BEGIN", "SAVEPOINT", "INSERT", "INSERT", "ROLLBACK"),
        *("SAVEPOINT", "SAVEPOINT", "INSERT", "RELEASE", "RELEASE", "COMMIT"),
        *("BEGIN", "ROLLBACK"),
    ]
    assert recorder.failed == ["INSERT"]
    assert (await LimitCounter.get(key=KEY)).count == 2


async def test_without_a_tracer_they_work_as_the_others(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Traced, "tracer", StatementTracer())

    async with in_transaction():
        await LimitCounter.create(key=KEY, count=1, expires_at=0)

    rows = await fetch("SELECT count FROM limit_counter")
    assert (rows[0]["count"], recorder.texts) == (1, [])
