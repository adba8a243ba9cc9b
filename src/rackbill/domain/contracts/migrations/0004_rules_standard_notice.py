"""The two published forms of notice (B27, B28, B30), for anybody, so that every installation starts with them."""

from datetime import date

from django.db import migrations

FORMS = [
    # valid_from, longest_term_months, notice_months, notice_hours, undo_hours, source
    (date(2000, 1, 1), 1, 0, 1, 24, "B28, B30: the form of about 2020"),
    (date(2000, 1, 1), 1200, 2, 0, 24, "B28, B30: the form of about 2020"),
    # The day of the newest form is not public, so it stands from the first day of the year it was read in.
    (date(2023, 1, 1), 3, 0, 1, 0, "B27, B30: the newest form"),
    (date(2023, 1, 1), 1200, 1, 0, 0, "B27, B30: the newest form"),
]


def store(apps, schema_editor):
    rule = apps.get_model("rackbill_contracts", "NoticeRule")
    for valid_from, longest, months, hours, undo, source in FORMS:
        rule.objects.get_or_create(
            organisation_id="", customer_kind="", product_class="", valid_from=valid_from, longest_term_months=longest,
            defaults={"notice_months": months, "notice_hours": hours, "undo_hours": undo, "source": source},
        )


class Migration(migrations.Migration):
    dependencies = [("rackbill_contracts", "0003_rules")]
    operations = [migrations.RunPython(store, migrations.RunPython.noop)]
