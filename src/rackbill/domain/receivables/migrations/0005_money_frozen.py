from django.db import migrations

from rackbill.domain.kit.frozen import freeze_table


class Migration(migrations.Migration):
    """Money is booked once and never edited: what was wrong is taken back by a row of its own."""

    dependencies = [("rackbill_receivables", "0004_money_banking")]

    operations = [
        freeze_table("rackbill_receivables_bankline", unique=[("line_id",)]),
        freeze_table("rackbill_receivables_payment", unique=[("payment_id",), ("bank_line_id",)]),
        freeze_table("rackbill_receivables_allocation", unique=[("allocation_id",), ("takes_back_id",)]),
        freeze_table(
            "rackbill_receivables_refund", unique=[("refund_id",), ("bank_line_id",), ("returned_line_id",)]
        ),
        freeze_table("rackbill_receivables_reminder", unique=[("open_item_id", "step")]),
    ]
