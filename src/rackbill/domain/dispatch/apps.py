from django.apps import AppConfig


class DispatchConfig(AppConfig):
    name = "rackbill.domain.dispatch"
    label = "rackbill_dispatch"
