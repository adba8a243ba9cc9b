from django.apps import AppConfig


class OfficeConfig(AppConfig):
    name = "rackbill.interfaces.office"
    label = "rackbill_office"
