"""Migration operations that Tortoise 1.1.9 does not do safely on a database with rows."""

from tortoise.migrations.operations import AddField
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State


class AddColumn(AddField):
    """Adds a column; reverting it drops the column.

    To revert AddField on SQLite, Tortoise rebuilds the table, and dropping the old one deletes the rows that refer to
    it.
    """

    async def database_backward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        if state_editor:
            table = old_state.apps.get_model(f"{app_label}.{self.model_name}")._meta.db_table
            await state_editor._run_sql(f'ALTER TABLE "{table}" DROP COLUMN "{self.name}"')
