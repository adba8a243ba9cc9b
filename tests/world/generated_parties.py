"""Sellers and buyers of generated documents: several registrations, missing ones, and names in many scripts."""

from typing import Any

from rackbill.core.party import Party, PostalAddress, TaxRegistration


def _party(name: str, country: str, *registrations: tuple[str, str], **more: Any) -> Party:
    address = PostalAddress(
        street=more.pop("street", "Main Street 1"), city=more.pop("city", "Town"), postal_code=more.pop("postal_code", "1101 CX"),
        country=country, state=more.pop("state", ""),
    )  # fmt: skip
    rows = tuple(TaxRegistration(scheme=scheme, number=number) for scheme, number in registrations)
    return Party(name=name, address=address, tax_registrations=rows, **more)


_CONTACT = {"email": "billing@meridian.example", "phone": "+31 20 316 2880", "contact_name": "Billing desk"}
_NL = _party(
    "Meridian Hosting B.V.", "NL", ("VAT", "NL004495445B01"), company_number="30141839", company_scheme="0106",
    electronic_address="0106:30141839", city="Amsterdam", **_CONTACT,
)  # fmt: skip
_NL_AND_DE = _party(
    "Meridian Hosting B.V.", "NL", ("VAT", "NL 0044 95445 B01"), ("VAT", "DE136695976"), company_number="30141839",
    company_scheme="0106", electronic_address="0106:30141839", city="Amsterdam", **_CONTACT,
)  # fmt: skip
_DE = _party(
    "Meridian Deutschland GmbH", "DE", ("VAT", "136695976"), ("TAX", "143/217/60023"), company_number="HRB 4711",
    electronic_address="9930:DE136695976", city="Frankfurt am Main", **{**_CONTACT, "contact_name": ""},
)  # fmt: skip
_GB = _party(
    "Meridian UK Limited", "GB", ("VAT", "GB340804329"), electronic_address="9932:GB340804329", city="London", **_CONTACT
)  # fmt: skip
_SG = _party(
    "Meridian Hosting Pte. Ltd.", "SG", ("GST", "201012345K"), company_number="201012345K", company_scheme="0195",
    electronic_address="0195:SGUEN201012345K", city="Singapore", postal_code="048616", **_CONTACT,
)  # fmt: skip
_CA = _party(
    "Meridian Canada Inc.", "CA", ("GST", "123456789 RT0001"), ("QST", "1234567890 TQ0001"), state="QC", city="Montréal",
    electronic_address="0060:123456789", **_CONTACT,
)  # fmt: skip
_US = _party(
    "Meridian USA, Inc.", "US", ("EIN", "12-3456789"), state="VA", electronic_address="0060:987654321", **_CONTACT
)
_JP = _party(
    "Meridian Japan 株式会社", "JP", ("JCT", "T1234567890123"), electronic_address="0188:1234567890123", **_CONTACT
)
_AU = _party(
    "Meridian Australia Pty Ltd", "AU", ("ABN", "51824753556"), electronic_address="0151:51824753556", **_CONTACT
)
SELLERS = {
    "VAT": (_NL, _NL_AND_DE, _DE, _GB),
    "GST-SG": (_SG,),
    "GST-CA": (_CA,),
    "SALES": (_US,),
    "JCT": (_JP,),
    "GST-AU": (_AU,),
}

_MUELLER = _party(
    "Müller & Söhne Datentechnik GmbH & Co. KG", "DE", ("VAT", "DE136695976"), company_number="HRA 4711", city="Hamburg",
    postal_code="20354", electronic_address="0204:991-12345-06", contact_name="Jürgen <Ap>", email="ap@mueller.example",
)  # fmt: skip
_AEGEAN = _party(
    "Αιγαίο Δεδομένα Α.Ε.", "GR", ("VAT", "094259216"), street="Λεωφόρος Κηφισίας 124", city="Αθήνα", postal_code="115 26",
    electronic_address="9933:094259216",
)  # fmt: skip
_NORTH_WIND = _party(
    "ООО «Северный Ветер»", "RU", street="ул. Льва Толстого, 16", city="Москва", postal_code="119021",
    electronic_address="0088:7300010000001", company_number="1027700132195",
)  # fmt: skip
_SAKURA = _party(
    "株式会社サクラデータ", "JP", street="千代田区丸の内1-1", city="東京", postal_code="100-0005",
    electronic_address="0188:7010001234567",
)  # fmt: skip
_CLOUD = _party(
    "北京云数据有限公司", "CN", ("USCI", "91110108MA01ABCD2X"), street="中关村大街\n27号", city="北京", postal_code="100080",
    electronic_address="0088:6901234567892",
)  # fmt: skip
_CONSUMER = _party(
    'O\'Brien "Bob" <Jr.>', "IE", city="Dublin", postal_code="D02", electronic_address="0088:5390000000007"
)
_BELGE = _party(
    "Données Belges SA", "BE", ("VAT", "BE0123456749"), company_number="0123456749", company_scheme="0208",
    electronic_address="0208:0123456749", city="Liège", postal_code="4000", contact_name="Comptabilité", phone="+32 4 220",
)  # fmt: skip
_COMPANY_ONLY = _party(
    "Нордик Дата ООД", "BG", company_number="131234567", city="София", postal_code="1000",
    electronic_address="9926:BG131234567",
)  # fmt: skip
_ALL = (_MUELLER, _AEGEAN, _NORTH_WIND, _SAKURA, _CLOUD, _CONSUMER, _BELGE, _COMPANY_ONLY)
BUYERS = {
    ("VAT", ""): _ALL,
    ("VAT", "AE"): (_MUELLER, _AEGEAN, _BELGE, _COMPANY_ONLY),
    ("VAT", "K"): (_MUELLER, _AEGEAN, _BELGE),
    ("VAT", "G"): (_NORTH_WIND, _SAKURA, _CLOUD),
    **{(regime, ""): _ALL for regime in ("GST-SG", "GST-CA", "SALES", "JCT", "GST-AU")},
}
"""By regime and category; those of a regime where the category has none of its own."""
