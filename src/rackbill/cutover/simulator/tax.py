"""The taxes that the legacy system charged from July to September 2020, by the table of its accountants.

Sources: shared domain notes on taxes, sections 1-3 and 8-10. The rate of the day of issue holds for the whole document.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from rackbill.cutover.simulator.sums import percent_of
from rackbill.cutover.simulator.world import Customer

EU_2020 = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GB GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())
_STANDARD = {
    "AT": 20, "BE": 21, "BG": 20, "CY": 19, "CZ": 21, "DE": 16, "DK": 25, "EE": 20, "ES": 21, "FI": 24, "FR": 20,
    "GB": 20, "GR": 24, "HR": 25, "HU": 27, "IE": 23, "IT": 22, "LT": 21, "LU": 17, "LV": 21, "MT": 18, "NL": 21,
    "PL": 23, "PT": 23, "RO": 19, "SE": 25, "SI": 22, "SK": 20, "SG": 7,
}  # fmt: skip
# Texas: 80 % of the price is taxable at 8.25 %; Connecticut: 1 % on data processing for a business.
_STATES = {"TX": ("6.6",), "CT": ("1",)}
_PROVINCES = {"ON": ("13",), "QC": ("5", "9.975"), "BC": ("5", "7"), "AB": ("5",), "NS": ("15",)}
_IRISH_CUT = date(2020, 9, 1)


@dataclass(frozen=True, slots=True)
class TaxRule:
    """The taxes on one document, in percent; none where the tax is the customer's affair or there is none."""

    rates: tuple[Decimal, ...]
    note: str = ""

    @property
    def printed_rate(self) -> Decimal:
        """All rates together."""
        return sum(self.rates, Decimal(0))

    def on(self, net: int) -> int:
        """Tax in cents on a net in cents; each tax is rounded for itself."""
        return sum(percent_of(net, rate) for rate in self.rates)


def rule(customer: Customer, day: date) -> TaxRule:
    """What a document of that day charges that customer."""
    seller, country = customer.org.country, customer.country.code
    if seller == "US" == country:
        return TaxRule(tuple(map(Decimal, _STATES.get(str(customer.row["state"]), ()))))
    if seller == "CA" == country:
        return TaxRule(tuple(map(Decimal, _PROVINCES[str(customer.row["state"])])))
    if seller == country:
        return TaxRule((_standard(country, day),))
    if seller not in EU_2020 or country not in EU_2020:
        return TaxRule((), "Outside the scope of VAT" if seller in EU_2020 else "Zero-rated or out of scope")
    if customer.row["kind"] == "business" and customer.row.get("tax_id_valid") == "yes":
        return TaxRule((), "Reverse charge")
    return TaxRule((_standard(country, day),))


def _standard(country: str, day: date) -> Decimal:
    if country == "IE" and day >= _IRISH_CUT:
        return Decimal(21)
    return Decimal(_STANDARD[country])
