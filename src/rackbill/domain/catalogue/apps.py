from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "rackbill.domain.catalogue"
    label = "rackbill_catalogue"
