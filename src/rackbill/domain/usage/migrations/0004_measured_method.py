from django.db import migrations, models


class Migration(migrations.Migration):
    """A measured quantity keeps the method it was measured by: the rule of its line may change, and invoices tell it."""

    dependencies = [("rackbill_usage", "0003_usage_frozen")]

    operations = [
        migrations.AddField(
            model_name="measuredquantity", name="method", field=models.CharField(max_length=20, null=True)
        ),
    ]
