from django.db import migrations

from rackbill.domain.kit.frozen import freeze_table


def _keep_days_in_their_rows(apps, schema_editor):
    """Packed days are packed already: PostgreSQL need not try again, nor move them out of the row (they fit a page)."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute('ALTER TABLE "rackbill_usage_meterday" ALTER COLUMN "samples" SET STORAGE PLAIN')


class Migration(migrations.Migration):
    """A measured quantity never changes: a charge cites it."""

    dependencies = [("rackbill_usage", "0002_usage_packs")]

    operations = [
        freeze_table(
            "rackbill_usage_measuredquantity", unique=[("line_id", "period_start", "revision")]
        ),
        migrations.RunPython(_keep_days_in_their_rows, migrations.RunPython.noop),
    ]
