"""Runs migrations without rebuilding the models' state for each, which takes most of the time of Tortoise 1.1.9."""

from dataclasses import dataclass
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.migration import Migration
from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps
from tortoise.models import Model


@dataclass(slots=True)
class States:
    """What the steps of one run share. After a step that failed, the state is no longer that of the database."""

    current: State | None = None
    before: dict[MigrationKey, State] | None = None

    def clear(self) -> None:
        self.current = self.before = None


class StepExecutor(MigrationExecutor):
    def __init__(self, connection: BaseDBAsyncClient, apps_config: dict[str, dict[str, Any]], states: States) -> None:
        super().__init__(connection, apps_config)
        self._states = states

    async def _project_state(self, applied: set[MigrationKey], *, upto: MigrationKey | None = None) -> State:
        """Returns the models after the applied migrations; `upto` is None in all calls of `migrate`."""
        if self._states.current is None:
            self._states.current = _no_models()
            for migration in self._applied(applied):
                await migration.apply(self._states.current, dry_run=True)
        return self._states.current

    async def _project_state_cache(self, applied: set[MigrationKey]) -> dict[MigrationKey, State]:
        """Returns the models before each applied migration, to revert these."""
        if self._states.before is None:
            state, self._states.before = _no_models(), {}
            for migration in self._applied(applied):
                self._states.before[MigrationKey(migration.app_label, migration.name)] = state.clone()
                await migration.apply(state, dry_run=True)
        return self._states.before

    def _applied(self, applied: set[MigrationKey]) -> list[Migration]:
        nodes = (self.loader.graph.nodes[key] for key in self._full_plan() if key in applied)
        return [node for node in nodes if node]


class _ModelsOfMigrations(StateApps):
    """Models that only describe tables: no migration queries through them.

    Tortoise clones them before each operation, and most operations need no clone. So a clone makes its models, which
    takes most of the time of a migration, once something asks for them.
    """

    _unmade: dict[tuple[str, str], ModelState] | None = None

    @property
    def apps(self) -> dict[str, dict[str, type[Model]]]:  # an attribute in Tortoise
        if self._unmade is not None:
            unmade, self._unmade = self._unmade, None
            self._models = super().clone(unmade).apps
        return self._models

    @apps.setter
    def apps(self, models: dict[str, dict[str, type[Model]]]) -> None:
        self._models = models

    def clone(self, model_states: dict[tuple[str, str], ModelState] | None = None) -> StateApps:
        if model_states is None:
            return super().clone()
        clone = type(self)(dict(self._default_connections), self._connections)
        clone._unmade = model_states
        return clone

    def _build_initial_querysets(self) -> None:
        for app in self.apps.values():
            for model in app.values():
                if model._meta._inited:
                    model._meta.finalise_fields()
                    model._meta._resolve_index_expressions()


def _no_models() -> State:
    return State(models={}, apps=_ModelsOfMigrations())
