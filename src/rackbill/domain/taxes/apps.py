from django.apps import AppConfig


class TaxesConfig(AppConfig):
    name = "rackbill.domain.taxes"
    label = "rackbill_taxes"
