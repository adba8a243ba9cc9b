from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rackbill_billing", "0003_issue_by_shard")]
    operations = [
        migrations.AddField(
            model_name="billshard",
            name="queued_at",
            field=models.DateTimeField(null=True),
        ),
    ]
