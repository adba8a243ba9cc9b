from django.db import migrations, models


class Migration(migrations.Migration):
    """A step taken names the document that said it to the customer, where one did."""

    dependencies = [("rackbill_receivables", "0005_money_frozen")]

    operations = [
        migrations.AddField(
            model_name="reminder", name="document_number", field=models.CharField(max_length=8, null=True)
        ),
    ]
