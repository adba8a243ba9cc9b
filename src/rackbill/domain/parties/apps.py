from django.apps import AppConfig


class PartiesConfig(AppConfig):
    name = "rackbill.domain.parties"
    label = "rackbill_parties"
