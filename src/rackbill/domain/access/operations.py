"""Writes to people and their roles."""

from datetime import date, datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction

from rackbill.domain.access.errors import StaffRefused
from rackbill.domain.access.models import StaffRole, StaffToken, User
from rackbill.domain.history import operations as history
from rackbill.domain.kit.actor import Actor
from rackbill.domain.kit.secrets import secret_hash


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


@transaction.atomic
def give_staff_role(
    *,
    email: str,
    full_name: str,
    organisation_key: int,
    role: str,
    secret: str,
    expires_on: date,
    now: datetime,
    actor: Actor,
) -> None:
    """A role for one sales organisation, and a console token in place of earlier ones; a new person is made.

    Only the hash of the secret is kept. Raises StaffRefused for a role that there is not.
    """
    known = [name for name, _ in StaffRole.ROLES]
    if role not in known:
        raise StaffRefused(f"there is no staff role {role!r}; the roles are {', '.join(known)}")
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        user = User.objects.create(email=email, password=make_password(None), created_on=now.date())
    if full_name:
        user.full_name = full_name
        user.save(update_fields=["full_name"])
    StaffRole.objects.get_or_create(user=user, sales_organisation_id=organisation_key, role=role)
    user.staff_tokens.filter(is_revoked=False).update(is_revoked=True)
    StaffToken.objects.create(user=user, secret_hash=secret_hash(secret), created_at=now, expires_on=expires_on)
    history.record_change(
        now=now, actor=actor, verb="give_staff_role", object_kind="user", object_id=str(user.pk),
        detail={"roles": [role], "token_until": str(expires_on)},
    )  # fmt: skip


@transaction.atomic
def set_staff_password(*, email: str, password: str, now: datetime, actor: Actor) -> None:
    """A new password for a member of staff. Raises StaffRefused for somebody who is none."""
    user = User.objects.filter(email__iexact=email, staff_roles__isnull=False).first()
    if user is None:
        raise StaffRefused(f"{email} is no member of staff; add a role first")
    user.password = make_password(password)
    user.save(update_fields=["password"])
    history.record_change(now=now, actor=actor, verb="set_staff_password", object_kind="user", object_id=str(user.pk))
