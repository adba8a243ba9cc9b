from django.db import migrations

from rackbill.domain.kit.frozen import freeze_table


class Migration(migrations.Migration):
    """The ledger is append only."""

    dependencies = [("rackbill_receivables", "0001_initial")]

    operations = [
        freeze_table(
            "rackbill_receivables_ledgerentry", unique=[("open_item_id", "source_kind", "source_id")]
        )
    ]
