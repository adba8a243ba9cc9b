from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "rackbill.domain.access"
    label = "rackbill_access"
