"""Writes to people and their roles."""

from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction

from rackbill.domain.access.models import StaffRole, User
from rackbill.domain.history import operations as history
from rackbill.domain.kit.actor import Actor


@transaction.atomic
def add_staff(*, email: str, full_name: str, password: str, roles: dict[int, str], now: datetime, actor: Actor) -> None:
    """A member of staff with one role for each sales organisation (by key). May run twice; the password is set anew."""
    user, _created = User.objects.update_or_create(
        email=email, defaults={"full_name": full_name, "password": make_password(password), "created_on": now.date()}
    )
    for organisation_key, role in roles.items():
        StaffRole.objects.get_or_create(user=user, sales_organisation_id=organisation_key, role=role)
    history.record_change(
        now=now, actor=actor, verb="add_staff", object_kind="user", object_id=str(user.pk),
        detail={"roles": sorted(set(roles.values()))},
    )  # fmt: skip
