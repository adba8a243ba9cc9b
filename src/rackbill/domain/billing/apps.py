from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "rackbill.domain.billing"
    label = "rackbill_billing"
