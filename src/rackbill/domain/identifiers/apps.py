from django.apps import AppConfig


class IdentifiersConfig(AppConfig):
    name = "rackbill.domain.identifiers"
    label = "rackbill_identifiers"
