from django.apps import AppConfig


class UsageConfig(AppConfig):
    name = "rackbill.domain.usage"
    label = "rackbill_usage"
