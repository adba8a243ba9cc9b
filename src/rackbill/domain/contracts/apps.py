from django.apps import AppConfig


class ContractsConfig(AppConfig):
    name = "rackbill.domain.contracts"
    label = "rackbill_contracts"
