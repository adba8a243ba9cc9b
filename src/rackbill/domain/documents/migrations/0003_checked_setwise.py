from django.db import migrations

from rackbill.domain.kit.frozen import check_references_setwise, compress_quickly


class Migration(migrations.Migration):
    """What PostgreSQL checked row by row is checked once for each statement (decision 5)."""

    dependencies = [("rackbill_documents", "0002_frozen")]

    operations = [
        check_references_setwise(
            "rackbill_documents_document",
            {
                "series_id": "rackbill_documents_numberseries",
                "sales_organisation_id": "rackbill_parties_salesorganisation",
                "customer_id": "rackbill_parties_customer", "billing_group_id": "rackbill_parties_billinggroup",
            },
        ),
        check_references_setwise(
            "rackbill_documents_documentline",
            {"document_id": "rackbill_documents_document", "contract_line_id": "rackbill_contracts_contractline"},
        ),
        check_references_setwise("rackbill_documents_documenttax", {"document_id": "rackbill_documents_document"}),
        compress_quickly("rackbill_documents_document", "canonical"),
    ]
