"""What is the same for all customers of a shard: seller, days, tax tables, texts, exchange rates, bank accounts."""

from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from rackbill.core import document as frozen
from rackbill.core.invoicing import ExchangeRate, LineTaxes
from rackbill.core.tax import TaxDecision
from rackbill.core.tax.desk import TaxDesk
from rackbill.domain.billing.queries import LastRun
from rackbill.domain.parties.queries import Seller
from rackbill.domain.parties.queries.documents import SellerTexts, seller_texts
from rackbill.domain.taxes import queries as taxes


@dataclass(slots=True)
class RunRules:
    """What is the same for all customers of a shard, read once."""

    seller: Seller
    desk: TaxDesk
    issued_on: date
    through: date
    last: LastRun
    own_texts: SellerTexts
    seller_text: str = field(init=False)
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    rates: dict[str, ExchangeRate] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    taxed: dict[tuple[TaxDecision, ...], LineTaxes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.seller_text = frozen.canonical_text(self.seller.party)

    @property
    def ended_by(self) -> date:
        """Until when a period must have ended to be charged in arrears, however far ahead the run bills (B5, B6)."""
        return min(self.through, self.issued_on)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.seller.time_zone)

    def exemption_texts(self, language: str) -> dict[str, str]:
        if language not in self.texts:
            self.texts[language] = taxes.exemption_texts(language=language, seller_country=self.seller.country)
        return self.texts[language]

    def accounting_rate(self, currency: str) -> ExchangeRate | None:
        target = self.seller.accounting_currency
        if currency == target:
            return None
        if currency not in self.rates:
            self.rates[currency] = taxes.exchange_rate(
                source_currency=currency, target_currency=target, on=self.issued_on, country=self.seller.country
            )
        return self.rates[currency]

    def account(self, currency: str) -> str:
        if currency not in self.accounts:
            self.accounts[currency] = frozen.canonical_text(self.seller.accounts.get(currency))
        return self.accounts[currency]


def run_rules(*, seller: Seller, issued_on: date, through: date, last: LastRun) -> RunRules:
    """The rules of a run of a sales organisation, made out on a day through another."""
    own = taxes.seller(organisation_id=seller.organisation_id, country=seller.country, state=seller.state)
    desk = TaxDesk(seller=own, table=taxes.tax_table(), issued_on=issued_on)
    own_texts = seller_texts(organisation_id=seller.organisation_id, on=issued_on)
    return RunRules(seller=seller, desk=desk, issued_on=issued_on, through=through, last=last, own_texts=own_texts)
