from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rackbill_parties", "0002_einvoice_data")]

    operations = [
        migrations.AddField(
            model_name="billingrecipient", name="attachments", field=models.CharField(blank=True, max_length=40)
        ),
    ]
