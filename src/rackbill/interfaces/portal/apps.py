from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "rackbill.interfaces.portal"
    label = "rackbill_portal"
