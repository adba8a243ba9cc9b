from django.db import migrations

from rackbill.domain.kit.frozen import freeze_table


class Migration(migrations.Migration):
    """The report of an issued run never changes."""

    dependencies = [("rackbill_billing", "0008_runs_controlled")]

    operations = [freeze_table("rackbill_billing_runreport", unique=[("run_id",)])]
