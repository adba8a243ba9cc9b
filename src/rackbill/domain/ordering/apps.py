from django.apps import AppConfig


class OrderingConfig(AppConfig):
    name = "rackbill.domain.ordering"
    label = "rackbill_ordering"
