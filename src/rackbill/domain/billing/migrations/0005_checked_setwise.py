from typing import Any

from django.db import migrations

from rackbill.domain.kit.frozen import check_references_setwise, compress_quickly

_ONCE_A_DAY = """
ALTER TABLE "rackbill_billing_charge" DROP CONSTRAINT "charge_once_a_day";
CREATE FUNCTION "rackbill_billing_charge_once_a_day"() RETURNS trigger LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM fresh f JOIN "rackbill_billing_charge" c ON c."contract_line_id" = f."contract_line_id"
        WHERE f."kind" = 'recurring' AND f."revision" = 0 AND c."kind" = 'recurring' AND c."revision" = 0
          AND c.id <> f.id AND c."period_start" < f."period_end" AND f."period_start" < c."period_end"
    ) THEN
        RAISE EXCEPTION 'these days of a contract line are charged already' USING ERRCODE = 'exclusion_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER "rackbill_billing_charge_once_a_day" AFTER INSERT ON "rackbill_billing_charge" REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION "rackbill_billing_charge_once_a_day"();
"""


def _once_a_day(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(_ONCE_A_DAY, params=None)


class Migration(migrations.Migration):
    """What PostgreSQL checked row by row is checked once for each statement (decision 5)."""

    dependencies = [
        ("rackbill_billing", "0004_charge_corrections"), ("rackbill_billing", "0002_charged_once"),
        ("rackbill_contracts", "0002_charging_rules"),
    ]

    operations = [
        migrations.RunPython(_once_a_day, migrations.RunPython.noop),
        check_references_setwise(
            "rackbill_billing_charge",
            {
                "contract_line_id": "rackbill_contracts_contractline", "draft_id": "rackbill_billing_billdraft",
                "corrects_id": "rackbill_billing_charge",
            },
        ),
        check_references_setwise(
            "rackbill_billing_billdraft",
            {
                "run_id": "rackbill_billing_billrun", "customer_id": "rackbill_parties_customer",
                "billing_group_id": "rackbill_parties_billinggroup",
            },
        ),
        compress_quickly("rackbill_billing_billdraft", "canonical"),
    ]
