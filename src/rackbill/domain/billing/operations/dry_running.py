"""A dry run: what a bill run would give over any filter, computed in groups of customers and never stored."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from rackbill.core.bill_comparison import LineOrigin
from rackbill.core.document import Document, DocumentLine
from rackbill.domain.billing import policy
from rackbill.domain.billing.errors import RunRefused
from rackbill.domain.billing.operations.computing import preview_bills
from rackbill.domain.billing.queries.comparing import Before, CustomerBills, compared_customers
from rackbill.domain.contracts import queries as contracts
from rackbill.domain.parties import queries as parties


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """What a dry run looks at; an empty filter looks at all. Products are product IDs such as DEDICATED_SERVER."""

    customer_ids: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    group_ids: tuple[str, ...] = ()
    contract_ids: tuple[str, ...] = ()
    product_ids: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()

    @property
    def is_narrow(self) -> bool:
        """Whether it takes some lines of a customer and leaves others, so that a whole bill cannot be compared."""
        return bool(self.group_ids or self.contract_ids or self.product_ids or self.currencies)

    def lines(self, document: Document) -> tuple[DocumentLine, ...]:
        """The lines of a document that match."""
        if self.currencies and document.currency not in self.currencies:
            return ()
        if self.group_ids and document.bill_to.billing_group_id not in self.group_ids:
            return ()
        return tuple(line for line in document.lines if self._matches(line))

    def _matches(self, line: DocumentLine) -> bool:
        subject = line.subject
        return (not self.contract_ids or subject.contract_id in self.contract_ids) and (
            not self.product_ids or subject.product_id in self.product_ids
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedPreview:
    """A customer that a run would park, and why."""

    customer_id: str
    name: str
    reason: str


def preview_run(
    *, organisation_id: str, through: date, only: RunFilter, now: datetime
) -> Iterator[CustomerBills | ParkedPreview]:
    """What a run planned now would bill each matching customer, and which it would park; nothing is stored.

    Raises SalesOrganisationNotFound, RunRefused where a filter names something that is not there.
    """
    seller = parties.seller(organisation_id=organisation_id)
    issued_on = now.astimezone(ZoneInfo(seller.time_zone)).date()
    keys = _customer_keys(organisation_id, only, issued_on)
    before = Before.of(seller.key, through)
    for start in range(0, len(keys), policy.SHARD_CUSTOMERS):
        some = keys[start : start + policy.SHARD_CUSTOMERS]
        drafts, faults = preview_bills(
            organisation_id=organisation_id, customer_keys=some, through=through, issued_on=issued_on
        )
        names = parties.names_by_key(customer_keys=some)
        key_of = {customer_id: key for key, (customer_id, _name) in names.items()}
        documents: dict[int, list[tuple[Document, list[LineOrigin]]]] = defaultdict(list)
        for draft in drafts:
            origins = [LineOrigin.of(charge) for charge in draft.charges]
            documents[key_of[draft.document.bill_to.customer_id]].append((draft.document, origins))
        parked = {key for key, _reason in faults}
        yield from compared_customers(
            before=before, customer_keys=some, documents=documents, parked=parked, through=through, issued_on=issued_on
        )
        for key, reason in faults:
            yield ParkedPreview(customer_id=names[key][0], name=names[key][1], reason=reason)


def _customer_keys(organisation_id: str, only: RunFilter, on: date) -> list[int]:
    keys = [key for _id, key in parties.customers_billed_by_us(organisation_id=organisation_id, on=on)]
    if only.customer_ids or only.countries or only.group_ids:
        wanted = parties.customer_keys_where(
            organisation_id=organisation_id, customer_ids=only.customer_ids, countries=only.countries,
            group_ids=only.group_ids,
        )  # fmt: skip
        keys = [key for key in keys if key in wanted]
    if only.contract_ids or only.product_ids or only.currencies:
        wanted = contracts.customer_keys_with_lines(
            contract_ids=only.contract_ids, product_ids=only.product_ids, currencies=only.currencies
        )
        keys = [key for key in keys if key in wanted]
    if not keys and only != RunFilter():
        raise RunRefused(f"no customer that {organisation_id} bills on {on} matches the filter; check its values")
    return keys
