from django.db import migrations

from rackbill.domain.kit.frozen import freeze_table


class Migration(migrations.Migration):
    """History is append only; the erasable side table is not guarded."""

    dependencies = [("rackbill_history", "0001_initial")]

    operations = [freeze_table("rackbill_history_historyentry")]
