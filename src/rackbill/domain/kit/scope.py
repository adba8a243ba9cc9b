"""Who may see which rows. Every query of a customer's door takes a scope: another customer's thing does not exist."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet


@dataclass(frozen=True, slots=True)
class CustomerScope:
    """One customer, by key and ID."""

    customer_key: int
    customer_id: str

    def limit(self, rows: QuerySet[Any], *, customer: str = "customer", organisation: str = "") -> QuerySet[Any]:
        """The rows whose customer column (a path) is this one."""
        return rows.filter(**{f"{customer}_id": self.customer_key})


@dataclass(frozen=True, slots=True)
class StaffScope:
    """The sales organisations that a member of staff works for."""

    organisation_ids: frozenset[str]

    def limit(self, rows: QuerySet[Any], *, customer: str = "customer", organisation: str = "") -> QuerySet[Any]:
        """The rows of these sales organisations (a path to the organisation, else through the customer)."""
        path = organisation or f"{customer}__sales_organisation"
        return rows.filter(**{f"{path}__organisation_id__in": self.organisation_ids})


@dataclass(frozen=True, slots=True)
class WholeInstallation:
    """Everything: the console and the jobs, never a request."""

    def limit(self, rows: QuerySet[Any], *, customer: str = "customer", organisation: str = "") -> QuerySet[Any]:
        """The rows as they are."""
        return rows


Scope = CustomerScope | StaffScope | WholeInstallation
