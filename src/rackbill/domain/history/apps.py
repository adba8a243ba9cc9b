from django.apps import AppConfig


class HistoryConfig(AppConfig):
    name = "rackbill.domain.history"
    label = "rackbill_history"
