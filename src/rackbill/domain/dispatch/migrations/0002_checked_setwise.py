from django.db import migrations

from rackbill.domain.kit.frozen import check_references_setwise


class Migration(migrations.Migration):
    """What PostgreSQL checked row by row is checked once for each statement (decision 5)."""

    dependencies = [("rackbill_dispatch", "0001_initial")]

    operations = [
        check_references_setwise(
            "rackbill_dispatch_dispatch",
            {"document_id": "rackbill_documents_document", "customer_id": "rackbill_parties_customer"},
        ),
    ]
