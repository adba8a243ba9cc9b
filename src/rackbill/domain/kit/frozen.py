"""Database guards of tables whose rows never change: UPDATE, DELETE, REPLACE, upsert and TRUNCATE are refused."""

from collections.abc import Sequence
from typing import Any

from django.db import migrations

_PG_FUNCTION = """
CREATE OR REPLACE FUNCTION rackbill_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are frozen: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def _postgresql(table: str) -> list[str]:
    return [
        _PG_FUNCTION,
        f'CREATE TRIGGER "{table}_frozen" BEFORE UPDATE OR DELETE ON "{table}" '
        "FOR EACH ROW EXECUTE FUNCTION rackbill_refuse_change()",
        f'CREATE TRIGGER "{table}_kept" BEFORE TRUNCATE ON "{table}" '
        "FOR EACH STATEMENT EXECUTE FUNCTION rackbill_refuse_change()",
    ]


def _sqlite(table: str, unique: Sequence[Sequence[str]]) -> list[str]:
    # REPLACE removes the old row without firing its delete trigger, so the insert itself must look first.
    same = " OR ".join(
        "(" + " AND ".join(f'"{column}" = NEW."{column}"' for column in columns) + ")" for columns in (("id",), *unique)
    )
    message = f"rows of {table} are frozen: {{}} is refused"
    return [
        f'CREATE TRIGGER "{table}_frozen_update" BEFORE UPDATE ON "{table}" '
        f"BEGIN SELECT RAISE(ABORT, '{message.format('UPDATE')}'); END",
        f'CREATE TRIGGER "{table}_frozen_delete" BEFORE DELETE ON "{table}" '
        f"BEGIN SELECT RAISE(ABORT, '{message.format('DELETE')}'); END",
        f'CREATE TRIGGER "{table}_frozen_replace" BEFORE INSERT ON "{table}" '
        f'WHEN EXISTS (SELECT 1 FROM "{table}" WHERE {same}) '
        f"BEGIN SELECT RAISE(ABORT, '{message.format('REPLACE')}'); END",
    ]


def freeze_table(table: str, *, unique: Sequence[Sequence[str]] = ()) -> migrations.RunPython:
    """A migration operation that guards a table; `unique` names its unique column sets (SQLite's REPLACE needs them)."""

    def guard(apps: Any, schema_editor: Any) -> None:
        statements = _postgresql(table) if schema_editor.connection.vendor == "postgresql" else _sqlite(table, unique)
        for statement in statements:
            schema_editor.execute(statement, params=None)

    return migrations.RunPython(guard, migrations.RunPython.noop)
