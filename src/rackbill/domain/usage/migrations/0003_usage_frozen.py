from django.db import migrations

from rackbill.domain.kit.frozen import freeze_table


class Migration(migrations.Migration):
    """A measured quantity never changes: a charge cites it."""

    dependencies = [("rackbill_usage", "0002_usage_packs")]

    operations = [
        freeze_table(
            "rackbill_usage_measuredquantity", unique=[("line_id", "period_start", "revision")]
        )
    ]
