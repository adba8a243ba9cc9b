from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rackbill_billing", "0006_rate_reviews")]
    operations = [
        migrations.AddField(
            model_name="billshard",
            name="queued_at",
            field=models.DateTimeField(null=True),
        ),
    ]
