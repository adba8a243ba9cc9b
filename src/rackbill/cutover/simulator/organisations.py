"""The invented provider: six sales organisations of Meridian Hosting and their bank accounts."""

from dataclasses import dataclass

from schwifty import IBAN
from stdnum.us import rtn

from rackbill.cutover.simulator import dice, tax_numbers
from rackbill.cutover.simulator.dice import Dice


@dataclass(frozen=True, slots=True)
class Organisation:
    """One legal entity as the legacy system knows it."""

    id: str
    country: str
    legacy_code: str
    currency: str
    legal_name: str
    currencies: tuple[tuple[str, int], ...]
    countries: tuple[tuple[str, int], ...]
    sites: tuple[str, ...]
    weight: int


def _weights(text: str) -> tuple[tuple[str, int], ...]:
    return tuple((name, int(weight)) for name, weight in (pair.split(":") for pair in text.split()))


ORGANISATIONS = (
    Organisation(
        "2000", "NL", "NL", "EUR", "Meridian Hosting B.V.", _weights("EUR:88 USD:12"),
        _weights(
            "NL:26 BE:8 FR:7 IT:5 ES:5 PL:5 SE:4 FI:3 IE:4 DK:3 PT:3 CZ:3 GR:4 RO:3 HU:3 BG:3 LU:2 EE:2 LT:2 DE:3 GB:3"
            " NO:3 CH:2 RU:4 UA:4 TR:2 IL:1"
        ),
        ("AMS-01", "AMS-02"), 24,
    ),
    Organisation(
        "2100", "DE", "DE", "EUR", "Meridian Hosting GmbH", _weights("EUR:96 USD:4"),
        _weights("DE:60 AT:14 CH:8 PL:4 CZ:4 LU:2 NL:2 FR:3 DK:2 SK:2"), ("FRA-01", "FRA-10"), 13,
    ),
    Organisation(
        "2200", "GB", "GB", "GBP", "Meridian Hosting Ltd", _weights("GBP:88 EUR:7 USD:5"),
        _weights("GB:78 IE:10 NO:3 DE:2 ES:2 ZA:2 FR:3"), ("LON-01", "LON-12"), 7,
    ),
    Organisation(
        "2300", "US", "US", "USD", "Meridian Hosting, Inc.", _weights("USD:96 EUR:4"),
        _weights("US:84 BR:6 MX:5 GB:2 JP:3"), ("WDC-01", "SFO-12", "DAL-13", "MIA-11"), 9,
    ),
    Organisation(
        "2400", "CA", "CDN", "CAD", "Meridian Hosting Canada Inc.", _weights("CAD:82 USD:18"),
        _weights("CA:94 US:6"), ("MTL-02", "MTL-11"), 5,
    ),
    Organisation(
        "2600", "SG", "SG", "SGD", "Meridian Hosting Pte. Ltd.", _weights("SGD:68 USD:27 EUR:5"),
        _weights(
            "SG:24 RU:12 JP:7 HK:8 AU:8 IN:7 MY:5 NZ:3 UA:4 KR:3 DE:3 NL:3 FR:2 GB:3 US:3 CH:2 IL:2 TR:2 BR:2 ZA:2 PL:2"
            " ES:1 IT:1 SE:1 CA:1 MX:1"
        ),
        ("SIN-01", "SIN-11", "HKG-12", "SYD-12", "TYO-10"), 42,
    ),
)  # fmt: skip

# id: street, city, postal code, state, register number, time zone, phone, payment days
_ADDRESSES = {
    "2000": ("Meridiaanweg 40", "Amsterdam", "1043 NX", "", "34999001", "Europe/Amsterdam", "+31 20 555 0140", 14),
    "2100": ("Meridianstraße 7", "Frankfurt am Main", "60314", "", "HRB 99001", "Europe/Berlin", "+49 69 5550 140", 14),
    "2200": ("12 Meridian Walk", "London", "EC1V 2NX", "", "09990014", "Europe/London", "+44 20 7946 0140", 14),
    "2300": ("9301 Innovation Loop, Suite 100", "Manassas", "20110", "VA", "0799001-4", "America/New_York",
             "+1 571 555 0140", 30),
    "2400": ("5945 rue du Méridien", "Montréal", "H3B 1A7", "QC", "1149990014", "America/Toronto", "+1 514 555 0140", 30),
    "2600": ("80 Meridian Road #04-12", "Singapore", "048624", "", "", "Asia/Singapore", "+65 6555 0140", 30),
}  # fmt: skip
_INVENTED_BANKS = {"NL": ("EXBK", "EXBKNL2A"), "DE": ("99990000", "EXBKDEFF"), "GB": ("EXBK999999", "EXBKGB2L")}
_PRINTED_SCHEMES = {"NL": "VAT", "DE": "VAT", "GB": "VAT", "SG": "GST"}


def rows(seed: int) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Rows of sales_organisations.csv and of bank_accounts.csv."""
    entities: list[dict[str, object]] = []
    accounts: list[dict[str, object]] = []
    for org in ORGANISATIONS:
        draw = dice.dice(seed, "organisation", org.id)
        street, city, postal_code, state, register, zone, phone, days = _ADDRESSES[org.id]
        tax, national = _tax_registrations(org, draw)
        entities.append({
            "sales_organisation_id": org.id, "legacy_code": org.legacy_code, "name": "Meridian Hosting",
            "legal_name": org.legal_name, "street": street, "city": city, "postal_code": postal_code,
            "country": org.country, "state": state, "company_number": register or national, "tax_registrations": tax,
            "accounting_currency": org.currency, "time_zone": zone, "billing_phone": phone, "payment_days": days,
            "billing_email": f"billing.{org.legacy_code.lower()}@meridian-hosting.example",
        })  # fmt: skip
        accounts += [_account(org, currency, draw) for currency, _ in org.currencies]
    return entities, accounts


def _tax_registrations(org: Organisation, draw: Dice) -> tuple[str, str]:
    if org.country == "US":
        return "EIN:54-1999014", ""
    number = tax_numbers.bare_number(org.country, draw)
    if org.country == "CA":
        return f"GST:{number[:9]} RT0001|QST:{draw.fill('12########')} TQ0001", number
    if org.country == "SG":
        return f"GST:{number}", number
    return f"{_PRINTED_SCHEMES[org.country]}:{org.country}{number}", number


def _account(org: Organisation, currency: str, draw: Dice) -> dict[str, object]:
    row: dict[str, object] = {
        "sales_organisation_id": org.id,
        "currency": currency,
        "bank_name": "Example Commercial Bank",
    }
    if org.country in _INVENTED_BANKS:
        code, bic = _INVENTED_BANKS[org.country]
        length = {"NL": 10, "DE": 10, "GB": 8}[org.country]
        row["iban"] = str(IBAN.generate(org.country, bank_code=code, account_code=draw.fill("N" + "#" * (length - 1))))
        row["bic"] = bic
        if currency == "EUR" and org.country != "GB":
            national = "349990010000" if org.country == "NL" else "00009999014"
            row["creditor_id"] = tax_numbers.creditor_id(org.country, national)
        return row
    row["account_number"] = draw.fill("N#########")
    if org.country == "US":
        row["routing_code"] = _routing_number(draw)
    else:
        row["routing_code"] = {"CA": "099900140", "SG": "9990-001"}[org.country]
        row["bic"] = {"CA": "EXBKCAMM", "SG": "EXBKSGSG"}[org.country]
    return row


def _routing_number(draw: Dice) -> str:
    body = draw.fill("0990####")
    return body + rtn.calc_check_digit(body)
