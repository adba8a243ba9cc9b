from django.apps import AppConfig


class ReceivablesConfig(AppConfig):
    name = "rackbill.domain.receivables"
    label = "rackbill_receivables"
