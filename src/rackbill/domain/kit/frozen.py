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


_SETWISE = """
CREATE FUNCTION "{table}_references"() RETURNS trigger LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    {checks}
    RETURN NULL;
END $$;
CREATE TRIGGER "{table}_references" AFTER INSERT ON "{table}" REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION "{table}_references"();
CREATE FUNCTION "{table}_stays"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what a row of {table} belongs to does not change' USING ERRCODE = 'foreign_key_violation';
END $$;
CREATE TRIGGER "{table}_stays" BEFORE UPDATE ON "{table}" FOR EACH ROW
    WHEN ({changes}) EXECUTE FUNCTION "{table}_stays"();
"""
_CHECK = """IF EXISTS (SELECT 1 FROM fresh WHERE fresh."{column}" IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM "{parent}" p WHERE p.id = fresh."{column}")) THEN
        RAISE EXCEPTION 'a row of {table} names a row of {parent} that is not there' USING ERRCODE = 'foreign_key_violation';
    END IF;
    """
_KEPT = """
CREATE FUNCTION "{name}"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM "{table}" c WHERE {same}) THEN
        RAISE EXCEPTION 'a row of {table} still names this row of {parent}' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER "{name}" AFTER DELETE ON "{parent}" DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION "{name}"();
"""


def check_references_setwise(table: str, parents: dict[str, str]) -> migrations.RunPython:
    """A migration operation for tables that are filled by the ten thousand: `parents` names the table behind each column.

    On PostgreSQL the foreign keys, which look up and lock a parent for every single row, give way to one check for each
    statement, a refusal to change the columns, and a refusal to delete a parent that is still named. SQLite keeps its own.
    """

    def guard(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(
                "SELECT conname FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1] "
                "WHERE conrelid = %s::regclass AND contype = 'f' AND attname = ANY(%s)",
                [f'"{table}"', list(parents)],
            )
            names = [row[0] for row in cursor.fetchall()]
            # Checks that wait for the transaction's end would forbid to alter the table.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name in names:
            schema_editor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"', params=None)
        checks = "".join(_CHECK.format(table=table, column=c, parent=p) for c, p in parents.items())
        changes = " OR ".join(f'OLD."{column}" IS DISTINCT FROM NEW."{column}"' for column in parents)
        schema_editor.execute(_SETWISE.format(table=table, checks=checks, changes=changes), params=None)
        for parent in sorted(set(parents.values())):
            same = " OR ".join(f'c."{column}" = OLD.id' for column, name in parents.items() if name == parent)
            # Names in PostgreSQL end after 63 letters.
            short = f"{parent.rpartition('_')[2]}_kept_by_{table.rpartition('_')[2]}"
            schema_editor.execute(_KEPT.format(name=short, table=table, parent=parent, same=same), params=None)

    return migrations.RunPython(guard, migrations.RunPython.noop)


def compress_quickly(table: str, column: str) -> migrations.RunPython:
    """A migration operation for long texts that are written once: lz4 instead of pglz, where PostgreSQL has it."""

    def set_compression(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT 'lz4' = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'")
            row = cursor.fetchone()
        if row is not None and row[0]:
            schema_editor.execute(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" SET COMPRESSION lz4', params=None)

    return migrations.RunPython(set_compression, migrations.RunPython.noop)
