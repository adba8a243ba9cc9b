"""The one entry for a bill run: a charge → the same charge, or its parts, with taxes. Decisions are remembered."""

from dataclasses import replace
from datetime import date

from rackbill.core.charges.charge import Charge
from rackbill.core.charges.dividing import divide
from rackbill.core.periods import Period
from rackbill.core.tax.decision import TaxDecision, Taxing, taxing_of
from rackbill.core.tax.status import TaxParty, TaxSeller
from rackbill.core.tax.table import TaxTable

Taxes = tuple[TaxDecision, ...]


class TaxDesk:
    """Decides for one seller and one day of issue."""

    def __init__(self, *, seller: TaxSeller, table: TaxTable, issued_on: date) -> None:
        self._seller, self._table, self._issued_on = seller, table, issued_on
        # Buyers whose evidence has no say share their decisions: consumers of a town, customers of one country.
        self._buyers: dict[TaxParty, BuyerDesk] = {}

    def of(self, buyer: TaxParty) -> "BuyerDesk":
        """The desk for one buyer; equal buyers share it."""
        found = self._buyers.get(buyer)
        if found is None:
            found = self._buyers[buyer] = BuyerDesk(self, buyer)
        return found

    def taxing(self, buyer: TaxParty, tax_class: str, period: Period) -> Taxing:
        """The taxes of a period and why. Raises NoTaxRule."""
        return taxing_of(
            seller=self._seller, buyer=buyer, tax_class=tax_class, period=period, issued_on=self._issued_on,
            table=self._table,
        )  # fmt: skip


class BuyerDesk:
    """Decides for one buyer: one look-up for each charge once a period was decided."""

    __slots__ = ("_buyer", "_cuts", "_desk", "_taxes")

    def __init__(self, desk: TaxDesk, buyer: TaxParty) -> None:
        self._desk, self._buyer = desk, buyer
        self._taxes: dict[tuple[str, date, date], Taxes] = {}
        self._cuts: dict[tuple[str, date, date], Taxing] = {}

    def taxes_of(self, tax_class: str, period: Period) -> Taxes | None:
        """The taxes of a period; None where the law splits it by days. Raises NoTaxRule."""
        key = (tax_class, period.start, period.end)
        taxes = self._taxes.get(key)
        if taxes is None and key not in self._cuts:
            taxing = self._desk.taxing(self._buyer, tax_class, period)
            if len(taxing.parts) > 1:
                self._cuts[key] = taxing
            else:
                taxes = self._taxes[key] = taxing.parts[0].taxes
        return taxes

    def taxed(self, charge: Charge, tax_class: str) -> tuple[tuple[Charge, Taxes], ...]:
        """The charge with its taxes; its parts where the law splits it by days. Raises NoTaxRule."""
        period = charge.period
        key = (tax_class, period.start, period.end)
        taxes = self._taxes.get(key)
        if taxes is not None:
            return ((charge, taxes),)
        taxing = self._cuts.get(key) or self._desk.taxing(self._buyer, tax_class, period)
        if len(taxing.parts) == 1:
            taxes = self._taxes[key] = taxing.parts[0].taxes
            return ((charge, taxes),)
        self._cuts[key] = taxing
        charges = divide(charge, [part.period.start for part in taxing.parts])
        return tuple(
            (replace(own, taxes=()), part.taxes) for own, part in zip(charges, taxing.parts, strict=True)
        )  # fmt: skip
