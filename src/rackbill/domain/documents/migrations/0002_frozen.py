from django.db import migrations

from rackbill.domain.kit.frozen import freeze_table


class Migration(migrations.Migration):
    """Frozen means frozen: issued and archived documents, their lines, taxes, files and seals."""

    dependencies = [("rackbill_documents", "0001_initial")]

    operations = [
        freeze_table("rackbill_documents_document", unique=[("number",)]),
        freeze_table("rackbill_documents_documentline", unique=[("document_id", "line_number")]),
        freeze_table("rackbill_documents_documenttax", unique=[("document_id", "row_number")]),
        freeze_table("rackbill_documents_documentfile", unique=[("document_id", "format")]),
        freeze_table("rackbill_documents_chainseal", unique=[("series_id", "last_number")]),
        freeze_table(
            "rackbill_documents_archiveddocument", unique=[("system", "sales_organisation_id", "number")]
        ),
        freeze_table("rackbill_documents_archivedline", unique=[("document_id", "line_number")]),
    ]
