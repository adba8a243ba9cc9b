from django.apps import AppConfig


class CutoverConfig(AppConfig):
    name = "rackbill.cutover"
    label = "rackbill_cutover"
