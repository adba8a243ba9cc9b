"""Who someone is: API keys, memberships."""

from dataclasses import dataclass
from datetime import datetime

from rackbill.domain.access import policy
from rackbill.domain.access.models import ApiKey, Membership, StaffRole, StaffToken
from rackbill.domain.kit.scope import CustomerScope
from rackbill.domain.kit.secrets import secret_hash


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """A valid API key: its ID, whose it is, and the methods it may use."""

    key_id: str
    scope: CustomerScope
    organisation_id: str
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccountAccess:
    """A customer account that a person may enter, with the roles there."""

    scope: CustomerScope
    customer_name: str
    organisation_name: str
    billing_email: str
    roles: frozenset[str]


def key_holder(*, secret: str, address: str, now: datetime) -> KeyHolder | None:
    """Whose key the secret is, or None where it is unknown, revoked, expired or used from an address it is not for."""
    key = (
        ApiKey.objects.filter(secret_hash=secret_hash(secret), is_revoked=False)
        .select_related("customer__sales_organisation")
        .first()
    )
    if key is None or policy.is_expired(key.expires_on, now.date()):
        return None
    if not policy.is_address_allowed(address, key.allowed_ips):
        return None
    scope = CustomerScope(key.customer_id, key.customer.customer_id)
    return KeyHolder(key.key_id, scope, key.customer.sales_organisation.organisation_id, tuple(key.methods))


def accounts(*, user_key: int) -> list[AccountAccess]:
    """The customer accounts that a person belongs to, by customer ID."""
    rows = (
        Membership.objects.filter(user_id=user_key)
        .select_related("customer__sales_organisation")
        .order_by("customer__customer_id")
    )
    found: dict[int, tuple[Membership, set[str]]] = {}
    for row in rows:
        found.setdefault(row.customer_id, (row, set()))[1].add(row.role)
    return [
        AccountAccess(
            CustomerScope(key, row.customer.customer_id),
            row.customer.name,
            row.customer.sales_organisation.name,
            row.customer.sales_organisation.billing_email,
            frozenset(roles),
        )
        for key, (row, roles) in found.items()
    ]


def staff_organisations(*, user_key: int) -> dict[str, frozenset[str]]:
    """A member of staff's roles by sales organisation ID."""
    roles: dict[str, set[str]] = {}
    for row in StaffRole.objects.filter(user_id=user_key).select_related("sales_organisation"):
        roles.setdefault(row.sales_organisation.organisation_id, set()).add(row.role)
    return {organisation: frozenset(names) for organisation, names in roles.items()}


def members(*, scope: CustomerScope) -> list[tuple[str, str]]:
    """(e-mail, role) of everybody who may enter a customer account."""
    rows = Membership.objects.filter(customer_id=scope.customer_key).order_by("role", "user__email")
    return list(rows.values_list("user__email", "role"))


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A member of staff, with the roles by sales organisation ID."""

    email: str
    roles: dict[str, frozenset[str]]


def staff_member(*, email: str, secret: str, now: datetime) -> StaffMember | None:
    """Who acts with a staff token, or None where it is unknown, revoked, expired, or somebody else's."""
    token = (
        StaffToken.objects.filter(secret_hash=secret_hash(secret), is_revoked=False, user__is_active=True)
        .select_related("user")
        .first()
    )
    if (
        token is None
        or token.user.email.casefold() != email.casefold()
        or policy.is_expired(token.expires_on, now.date())
    ):
        return None
    return StaffMember(token.user.email, staff_organisations(user_key=token.user_id))


def staff_roles(*, email: str, organisation_id: str) -> frozenset[str]:
    """A person's roles at one sales organisation, by e-mail."""
    rows = StaffRole.objects.filter(
        user__email__iexact=email, user__is_active=True, sales_organisation__organisation_id=organisation_id
    )
    return frozenset(rows.values_list("role", flat=True))
