from typing import Any

from django.db import migrations

_SQLITE = """
CREATE TRIGGER "rackbill_billing_charge_once_a_day" BEFORE INSERT ON "rackbill_billing_charge"
WHEN NEW."kind" = 'recurring' AND NEW."revision" = 0 AND EXISTS (
    SELECT 1 FROM "rackbill_billing_charge" c
    WHERE c."contract_line_id" = NEW."contract_line_id" AND c."kind" = 'recurring' AND c."revision" = 0
      AND c."period_start" < NEW."period_end" AND NEW."period_start" < c."period_end")
BEGIN SELECT RAISE(ABORT, 'these days of the contract line are charged already'); END
"""
_POSTGRESQL = """
ALTER TABLE "rackbill_billing_charge" ADD CONSTRAINT "charge_once_a_day" EXCLUDE USING gist (
    int8range("contract_line_id", "contract_line_id", '[]') WITH =,
    daterange("period_start", "period_end") WITH &&
) WHERE ("kind" = 'recurring' AND "revision" = 0)
"""


def _guard(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute(_POSTGRESQL if schema_editor.connection.vendor == "postgresql" else _SQLITE, params=None)


class Migration(migrations.Migration):
    """No overlap among the first recurring charges of a line."""

    dependencies = [("rackbill_billing", "0001_initial")]

    operations = [migrations.RunPython(_guard, migrations.RunPython.noop)]
