"""Who buys and who sells, as far as it decides a tax: status with its proof, country with its evidence, seller's choices."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from rackbill.core.tax.table import NoTaxRule


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxIdProof:
    """What a registry said of a tax ID on a day; kept for ever as evidence.

    `valid_from` is the day from which the registration counts, where the registry names one; else the day of the check.
    `is_tax_registered` answers Australia's second question: an ABN alone is not a GST registration.
    """

    tax_id: str
    is_valid: bool
    checked_on: date
    valid_from: date | None = None
    is_tax_registered: bool | None = None
    reference: str = ""

    @property
    def counts_from(self) -> date:
        """The first day for which it says something."""
        return self.valid_from or self.checked_on

    def __str__(self) -> str:
        said = f"{self.tax_id} {'valid' if self.is_valid else 'not valid'} on {self.checked_on}"
        return f"{said}, {self.reference}" if self.reference else said


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryEvidence:
    """One item that says where a consumer lives: IP address, bank, SIM card … The billing address is an item by itself."""

    kind: str
    country: str
    recorded_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxParty:
    """What of a buyer decides the tax. Customer kind and tax ID are two things: a business may have no valid tax ID."""

    country: str
    state: str = ""
    postal_code: str = ""
    is_business: bool = False
    proofs: tuple[TaxIdProof, ...] = ()
    country_evidence: tuple[CountryEvidence, ...] = ()

    def proof(self, day: date) -> TaxIdProof | None:
        """The last check that counts on the day."""
        counting = [proof for proof in self.proofs if proof.counts_from <= day]
        return max(counting, key=lambda p: (p.counts_from, p.checked_on)) if counting else None

    def taxable_proof(self, day: date) -> TaxIdProof | None:
        """The proof that the buyer is a taxable person on the day; None: it counts as a consumer (B20)."""
        proof = self.proof(day) if self.is_business else None
        if proof is None or not proof.is_valid:
            return None
        if self.country == "AU" and not proof.is_tax_registered:
            return None
        # Northern Ireland's numbers count in the Union for goods alone; there, and in Great Britain, they show a business.
        if proof.tax_id.upper().startswith("XI") and self.country not in ("GB", "XI"):
            return None
        return proof

    def status_words(self, day: date) -> str:
        """Why the buyer counts as what it counts on the day, in one sentence part."""
        proof = self.taxable_proof(day)
        if proof is not None:
            return str(proof)
        if not self.is_business:
            return self._country_words(day)
        last = self.proof(day)
        if last is None:
            return f"no tax ID checked up to {day}: taxed as a consumer"
        if last.is_valid:
            why = "not registered for GST" if self.country == "AU" else "of Northern Ireland, for goods only"
            return f"{last}, {why}: taxed as a consumer"
        return f"{last}: taxed as a consumer"

    def _country_words(self, day: date) -> str:
        items = [f"{item.kind} {item.country}" for item in self._items(day)]
        return ", ".join(["consumer", f"billing address {self.country}", *items])

    def _items(self, day: date) -> list[CountryEvidence]:
        last = {item.kind: item for item in sorted(self.country_evidence, key=lambda i: i.recorded_on)
                if item.recorded_on <= day}  # fmt: skip
        return [last[kind] for kind in sorted(last)]

    def check_country(self, day: date) -> None:
        """Two items that agree say where a consumer lives (Reg. 282/2011 Art. 24b). Raises NoTaxRule where they deny it."""
        items = self._items(day)
        if any(item.country == self.country for item in items):
            return
        for country in sorted({item.country for item in items}):
            if sum(item.country == country for item in items) >= 2:
                kinds = " and ".join(item.kind for item in items if item.country == country)
                raise NoTaxRule(
                    f"the billing address says {self.country} but {kinds} say {country}; settle the consumer's country"
                )


class Registration(StrEnum):
    """What a seller chose or is registered for, from a day until another."""

    HOME_RATE = "home_rate"
    """Consumers in other member states at the seller's own rate, below EUR 10,000 a year (Art. 59c, since 2019)."""
    REGISTERED_IN = "registered_in"
    """Registered for the tax of a country that is not its own, and charges it there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerChoice:
    """One choice or registration of a seller with its time. `territory` is the country, or US-TX, of a registration."""

    choice: Registration
    valid_from: date
    valid_until: date | None = None
    territory: str = ""

    def holds(self, day: date) -> bool:
        """Whether it is in force on the day."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxSeller:
    """What of a sales organisation decides the tax."""

    country: str
    state: str = ""
    choices: tuple[SellerChoice, ...] = ()

    def uses_home_rate(self, day: date) -> bool:
        """Whether consumers in other member states pay the seller's own rate on the day."""
        return any(c.choice is Registration.HOME_RATE and c.holds(day) for c in self.choices)

    def needs_state(self, country: str, day: date) -> bool:
        """Whether a customer's state or province matters: in the seller's own country and where it is registered."""
        return country == self.country or any(
            c.choice is Registration.REGISTERED_IN and c.territory[:2] == country and c.holds(day) for c in self.choices
        )

    def is_registered_in(self, territory: str, day: date) -> bool:
        """Whether it charges the tax of another country's territory on the day."""
        return any(
            c.choice is Registration.REGISTERED_IN and c.territory in (territory, territory[:2]) and c.holds(day)
            for c in self.choices
        )
