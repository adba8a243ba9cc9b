"""Bulk writes of legacy log-ins and keys; for the cut-over alone. Hashes are taken over, secrets are never seen."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.hashers import make_password

from rackbill.domain.access.models import ApiKey, Membership, User

Rows = Iterable[Mapping[str, Any]]


def adopt_users(*, rows: Rows) -> dict[str, int]:
    """Keys by legacy user ID. A blank hash becomes a password that nobody has, so that it must be set anew."""
    users = [User(**{**row, "password": row["password"] or make_password(None)}) for row in rows]
    return {user.legacy_id: user.pk for user in User.objects.bulk_create(users, batch_size=500)}


def adopt_memberships(*, rows: Rows) -> int:
    """How many roles were kept."""
    return len(Membership.objects.bulk_create([Membership(**row) for row in rows], batch_size=500))


def adopt_api_keys(*, rows: Rows) -> int:
    """How many keys were kept."""
    return len(ApiKey.objects.bulk_create([ApiKey(**row) for row in rows], batch_size=500))
