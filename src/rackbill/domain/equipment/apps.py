from django.apps import AppConfig


class EquipmentConfig(AppConfig):
    name = "rackbill.domain.equipment"
    label = "rackbill_equipment"
