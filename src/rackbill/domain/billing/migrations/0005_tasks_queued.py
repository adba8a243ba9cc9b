from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rackbill_billing", "0004_charge_corrections")]
    operations = [
        migrations.AddField(
            model_name="billshard",
            name="queued_at",
            field=models.DateTimeField(null=True),
        ),
    ]
