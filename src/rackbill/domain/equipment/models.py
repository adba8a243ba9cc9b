from django.db import models


class Site(models.Model):
    """A data centre: `SIN-01`."""

    code = models.CharField(max_length=16, unique=True)

    def __str__(self) -> str:
        return self.code


class Equipment(models.Model):
    """The thing served; has an Equipment ID and a life of its own."""

    KINDS = [
        (kind, kind)
        for kind in "SERVER VIRTUAL_SERVER PRIVATE_CLOUD RACK SWITCH FIREWALL LOADBALANCER STORAGE OTHER".split()
    ]  # fmt: skip

    equipment_id = models.CharField(max_length=8, unique=True)
    kind = models.CharField(max_length=16, choices=KINDS)
    customer = models.ForeignKey("rackbill_parties.Customer", on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey("rackbill_equipment.Site", on_delete=models.PROTECT, related_name="+")
    suite = models.CharField(max_length=16, blank=True)
    rack = models.CharField(max_length=16, blank=True)
    unit = models.CharField(max_length=16, blank=True)
    asset_id = models.CharField(max_length=16, blank=True)
    serial_number = models.CharField(max_length=40, blank=True)
    brand = models.CharField(max_length=60, blank=True)
    chassis = models.CharField(max_length=80, blank=True)
    cpu_type = models.CharField(max_length=80, blank=True)
    cpu_count = models.PositiveSmallIntegerField(null=True)
    ram_gb = models.PositiveIntegerField(null=True)
    disks = models.JSONField(default=list)
    ip_address = models.CharField(max_length=50, blank=True)
    mac_address = models.CharField(max_length=17, blank=True)
    legacy_id = models.CharField(max_length=40, blank=True)
    legacy_name = models.CharField(max_length=80, blank=True)

    class Meta:
        indexes = [models.Index(fields=["customer", "kind", "equipment_id"])]

    def __str__(self) -> str:
        return self.equipment_id
