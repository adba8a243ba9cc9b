from django.db import migrations

from rackbill.domain.kit.frozen import check_references_setwise


class Migration(migrations.Migration):
    """What PostgreSQL checked row by row is checked once for each statement (decision 5)."""

    dependencies = [("rackbill_receivables", "0002_frozen")]

    operations = [
        check_references_setwise(
            "rackbill_receivables_openitem",
            {"customer_id": "rackbill_parties_customer", "sales_organisation_id": "rackbill_parties_salesorganisation"},
        ),
        check_references_setwise(
            "rackbill_receivables_ledgerentry", {"open_item_id": "rackbill_receivables_openitem"}
        ),
    ]
