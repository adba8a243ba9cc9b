"""Golden documents beyond the first ones: every kind, usage, corrections, three currencies, other scripts, and a very long one."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from rackbill.core.charges import charges_owed
from rackbill.core.document import (
    Change,
    Document,
    DocumentKind,
    DocumentReference,
    LineSubject,
    MeasuredUse,
    QuotedTerms,
    Remaining,
    Reminded,
    RemindedItem,
    Totals,
)
from rackbill.core.invoicing import BillableCharge, BillHead, ExchangeRate
from rackbill.core.party import BankAccount, Party, PostalAddress, TaxRegistration
from rackbill.core.pricing import PriceModel, Tier, UsagePrice
from rackbill.core.quoting import OfferedPosition, draft_offer, opening_figures
from rackbill.core.tax import TaxDecision
from rackbill.core.terms import ContractTerms, DatedPrice, DatedQuantity, LineKind, TermLine
from tests.world import documents as world

DETAILS = "https://portal.meridian.example/documents/"
SAKURA = Party(
    name="桜データ株式会社", address=PostalAddress(street="千代田区丸の内一丁目9番1号", city="東京都", postal_code="100-0005", country="JP")
)  # fmt: skip
HANHAI = Party(
    name="瀚海数据（上海）有限公司", address=PostalAddress(street="世纪大道100号", city="上海市", postal_code="200120", country="CN")
)  # fmt: skip
THAMES = Party(
    name="Thames Analytics Ltd", company_number="08123456",
    address=PostalAddress(street="1 Canada Square", city="London", postal_code="E14 5AB", country="GB"),
    tax_registrations=(TaxRegistration(scheme="VAT", number="GB980780684"),),
)  # fmt: skip
LION_CITY = Party(
    name="Lion City Retail Pte. Ltd.", company_number="198700034E",
    address=PostalAddress(street="8 Marina View", city="Singapore", postal_code="018960", country="SG"),
    tax_registrations=(TaxRegistration(scheme="GST", number="198700034E"),),
)  # fmt: skip
SEPTEMBER_INVOICE = DocumentReference(number="20000000", issued_on=date(2020, 9, 1))
GST = (TaxDecision(regime="GST-SG", code="SR", rate=Decimal(7), jurisdiction="SG"),)


def _month(number: int, name: str, product: str, price: str, **more: object) -> list[BillableCharge]:
    """One recurring service at a site of its own."""
    taxes = more.get("taxes", world.vat("S", "21"))
    charges = world.line(number, price, taxes, **{k: v for k, v in more.items() if k not in ("taxes", "site")})  # type: ignore[arg-type]
    site = str(more.get("site", "AMS-01"))
    return [
        replace(c, subject=replace(c.subject, product_id=product, description=name, location=site)) for c in charges
    ]


def overview() -> Document:
    """A customer of several products and sites, with what changed since September."""
    charges = [
        charge
        for n in range(14)
        for charge in _month(
            n, ("Dedicated server HP DL380 Gen10", "Rack unit", "Virtual server M", "Cross connect to AMS-IX")[n % 4],
            ("DEDICATED_SERVER", "RACK_UNIT", "VIRTUAL_SERVER", "CROSS_CONNECT")[n % 4], f"{89 + 7 * n}.50",
            site=("AMS-01", "AMS-02", "FRA-10")[n % 3],
        )
    ]  # fmt: skip
    value = world.document(charges, buyer=world.MUELLER, po_number="PO-4711", number="20000014")
    return replace(
        value, previous=SEPTEMBER_INVOICE, details_url=DETAILS,
        bill_to=replace(
            value.bill_to, billing_group_name="Shop platform", cost_centre="CC-7100", project_reference="Relaunch 2020"
        ),
        texts=("From 1 November 2020 our office in Amsterdam is at Hessenbergweg 95.",),
        changes=(Change(reason="new", service_count=2, difference_minor=22_400), Change(reason="ended", service_count=1, difference_minor=-8_950),
                 Change(reason="price", service_count=5, difference_minor=1_275), Change(reason="usage", service_count=1, difference_minor=-312)),
    )  # fmt: skip


def metered() -> Document:
    """A server, its 95th percentile above a commit, and its traffic."""
    server = _month(1, "Dedicated server HP DL380 Gen10", "DEDICATED_SERVER", "129.95")[0]
    rows = (
        ("Bandwidth beyond the commit", "E20", "46.2", "3", MeasuredUse(
            quantity=Decimal("96.2"), unit="E20", included=Decimal(50), method="percentile 95th, higher of in and out",
            sample_count=8_640, samples_sha256="5f" * 32)),
        ("Traffic beyond the included volume", "E34", "812.5", "0.05", MeasuredUse(
            quantity=Decimal("1812.5"), unit="E34", included=Decimal(1000), method="traffic", sample_count=8_640,
            samples_sha256="a7" * 32)),
    )  # fmt: skip
    used = [
        replace(
            server,
            charge=replace(server.charge, line_id=20 + place, quantity=Decimal(quantity), unit=unit, unit_price=Decimal(price),
                           amount_minor=int(Decimal(quantity) * Decimal(price) * 100 + Decimal("0.5"))),
            subject=replace(server.subject, product_id="IP_TRANSIT", description=name),
        )
        for place, (name, unit, quantity, price, _use) in enumerate(rows)
    ]  # fmt: skip
    value = world.document([server, *used], buyer=world.MUELLER, number="20000015")
    uses = {name: use for name, _unit, _quantity, _price, use in rows}
    lines = tuple(replace(line, measured=uses.get(line.subject.description)) for line in value.lines)
    return replace(value, lines=lines, details_url=DETAILS)


def german_rate_change() -> Document:
    """A quarter over 1 July 2020: 19 % before, 16 % after (Second Corona Tax Assistance Act)."""
    before = _month(1, "Rack unit", "RACK_UNIT", "129.95", taxes=world.vat("S", "19", "DE"))[0]
    after = _month(2, "Rack unit", "RACK_UNIT", "259.90", taxes=world.vat("S", "16", "DE"))[0]
    return replace(
        world.document([before, after], buyer=world.MUELLER, language="de", number="20000016"), details_url=DETAILS
    )


def partial_credit() -> Document:
    """A credit note over parts of two invoices."""
    charges = []
    for number, invoice in ((1, "20000001"), (2, "20000005")):
        owed = world.line(number, "64.50", world.vat("S", "16", "DE"))[0]
        back = replace(
            owed.charge, quantity=-owed.charge.quantity, amount_minor=-owed.charge.amount_minor, corrects=number
        )
        source = DocumentReference(number=invoice, issued_on=date(2020, 9, number), line_number=number)
        charges.append(BillableCharge(charge=back, subject=owed.subject, taxes=owed.taxes, corrects=source))
    value = world.document(charges, buyer=world.MUELLER, number="20900002", language="de")
    return replace(value, notes=("Gutschrift wegen eines Ausfalls am 14. September 2020.",), details_url=DETAILS)


def credit_of_three() -> Document:
    """A credit note over parts of three invoices, of one of which it leaves nothing."""
    value = partial_credit()
    third = replace(
        value.lines[1], line_number=3,
        corrects=DocumentReference(number="20000009", issued_on=date(2020, 9, 3), line_number=1),
    )  # fmt: skip
    net, tax = 3 * 6_450, 3 * 1_032
    corrects = (*value.corrects, DocumentReference(number="20000009", issued_on=date(2020, 9, 3)))
    return replace(
        value, number="20900003", language="en", notes=("Credit for the outage of 14 September 2020.",),
        lines=(*value.lines, third), corrects=corrects,
        tax_subtotals=(replace(value.tax_subtotals[0], base_minor=net, tax_minor=tax),),
        totals=Totals(net_minor=net, tax_minor=tax, gross_minor=net + tax, prepaid_minor=0, due_minor=net + tax),
        remaining=(
            Remaining(number="20000001", net_minor=128_045, gross_minor=148_532),
            Remaining(number="20000005", net_minor=0, gross_minor=0),
            Remaining(number="20000009", net_minor=9_000, gross_minor=10_440),
        ),
    )  # fmt: skip


def corrections() -> Document:
    """An invoice with lines that take back what an earlier one charged too much."""
    owed = world.line(1, "129.95", world.vat("S", "21"))[0]
    back = replace(
        owed.charge, quantity=Decimal(-10), unit="DAY", price_base_quantity=Decimal(31), amount_minor=-4192, corrects=9
    )
    source = DocumentReference(number="20000001", issued_on=date(2020, 9, 1), line_number=1)
    charges = [owed, *world.line(2, "89", world.vat("S", "21")), BillableCharge(charge=back, subject=owed.subject, taxes=owed.taxes, corrects=source)]  # fmt: skip
    return replace(world.document(charges, buyer=world.MUELLER, number="20000017"), details_url=DETAILS)


def three_currencies() -> dict[str, Document]:
    """One customer, three currencies, three invoices of one day."""
    accounts = {
        "GBP": BankAccount(bank_name="Barclays", currency="GBP", iban="GB33BUKB20201555555555", bic="BUKBGB22"),
        **world.ACCOUNTS,
    }
    rates = {"GBP": "1.0960", "USD": "0.8542"}
    reverse = {
        "VATEX-EU-O": "Outside the scope of Dutch VAT: the recipient accounts for it (Art. 44, Directive 2006/112/EC)."
    }
    found = {}
    for place, currency in enumerate(("EUR", "GBP", "USD")):
        outside = (
            TaxDecision(regime="VAT", code="O", rate=Decimal(0), jurisdiction="GB", exemption_code="VATEX-EU-O"),
        )
        rate = rates.get(currency)
        value = world.document(
            _month(place + 1, "Virtual server M", "VIRTUAL_SERVER", "74.25", taxes=outside, currency=currency), buyer=THAMES,
            currency=currency, number=f"2000003{place}", texts=reverse,
            rate=ExchangeRate(currency="EUR", rate=Decimal(rate), rate_on=date(2020, 9, 30), rate_source="ECB") if rate else None,
        )  # fmt: skip
        payment = replace(value.payment, account=accounts[currency])
        found[f"three_currencies_{currency.lower()}"] = replace(value, payment=payment, details_url=DETAILS)
    return found


def five_hundred_lines() -> Document:
    """More lines than a PDF prints."""
    charges = [c for n in range(500) for c in _month(
        n, ("Dedicated server HP DL380 Gen10", "Rack unit", "Virtual server M")[n % 3],
        ("DEDICATED_SERVER", "RACK_UNIT", "VIRTUAL_SERVER")[n % 3], f"{20 + n % 83}.95", site=f"AMS-{1 + n % 7:02d}",
    )]  # fmt: skip
    return replace(world.document(charges, buyer=world.MUELLER, number="20000018"), details_url=DETAILS)


def singapore_dollars() -> Document:
    """A Tax Invoice in SGD, paid by PayNow."""
    charges = _month(
        1, "Dedicated server HP DL380 Gen10", "DEDICATED_SERVER", "219.95", taxes=GST, currency="SGD", site="SIN-12"
    )
    value = world.document(charges, seller=world.MERIDIAN_SG, buyer=LION_CITY, currency="SGD", number="22000001")
    account = BankAccount(
        bank_name="DBS Bank", currency="SGD", account_number="003-912345-7", routing_code="7171-003", bic="DBSSSGSG"
    )
    return replace(value, payment=replace(value.payment, account=account, paynow_uen="201012345K"), details_url=DETAILS)


def other_scripts() -> dict[str, Document]:
    """Japanese and Chinese customers, each in the own language."""
    abroad = (TaxDecision(regime="GST-SG", code="ZR", rate=Decimal(0), jurisdiction="SG", exemption_code="SG-S21-3"),)
    rate = ExchangeRate(currency="SGD", rate=Decimal("0.012964"), rate_on=date(2020, 9, 30), rate_source="MAS")
    dollars = ExchangeRate(currency="SGD", rate=Decimal("1.3652"), rate_on=date(2020, 9, 30), rate_source="MAS")
    japanese = world.document(
        world.line(1, "14800", abroad, "JPY") + world.line(2, "9800", abroad, "JPY"), seller=world.MERIDIAN_SG, buyer=SAKURA, currency="JPY",
        language="ja", number="22000002", rate=rate, texts={"SG-S21-3": "国際役務としてゼロ税率が適用されます（シンガポールGST法第21条第3項）。"},
    )  # fmt: skip
    chinese = world.document(
        world.line(4, "59.5", abroad, "USD") + world.line(6, "210", abroad, "USD"), seller=world.MERIDIAN_SG, buyer=HANHAI, currency="USD",
        language="zh", number="22000003", rate=dollars, texts={"SG-S21-3": "国际服务，适用零税率（新加坡《商品及服务税法》第21(3)条）。"},
    )  # fmt: skip
    return {"japanese": replace(japanese, details_url=DETAILS), "chinese": replace(chinese, details_url=DETAILS)}


def _offer() -> Document:
    """Two servers, a rack for a quarter, set-up once."""
    rows = (
        (1, "Dedicated server HP DL380 Gen10", "DEDICATED_SERVER", "129.95", 2, 1, LineKind.RECURRING),
        (2, "Half rack, 2 × 16 A", "DEDICATED_RACK", "1290", 1, 3, LineKind.RECURRING),
        (3, "Set-up and installation", "REMOTE_HANDS_NRC", "250", 1, 1, LineKind.ONE_OFF),
    )
    charges = []
    for number, name, product, price, quantity, months, kind in rows:
        subject = LineSubject(contract_id="50001850", service_id=f"41000850000{number}00", product_id=product, product_code=f"Q{number}",
                              description=name, location="AMS-02", order_id="41000850")  # fmt: skip
        line = TermLine(
            line_id=number, kind=kind, start=world.OCTOBER, end=None, cycle_months=months,
            prices=(DatedPrice(date(2020, 1, 1), None, Decimal(price)),),
            quantities=(DatedQuantity(date(2020, 1, 1), None, Decimal(quantity)),),
        )  # fmt: skip
        terms = ContractTerms(contract_id=subject.contract_id, currency="EUR", lines=(line,))
        owed = charges_owed(terms=terms, through=world.THROUGH)
        charges += [BillableCharge(charge=owed[0], subject=subject, taxes=world.vat("S", "21"))]
    value = world.document(charges, buyer=world.MUELLER)
    return replace(value, texts=("Our service level: 99.9 % a month, credit as in section 7 of the agreement.",))


def quote() -> Document:
    """A quote, before there is a contract."""
    value = _offer()
    lines = tuple(
        replace(line, subject=replace(line.subject, contract_id="", service_id="", order_id="")) for line in value.lines
    )
    terms = QuotedTerms(
        version=2, valid_until=date(2020, 10, 31), requested_by="Anke Brandt", starts_on=date(2020, 11, 15), term_months=24,
        notice_months=3, delivery_on=date(2020, 11, 12), agreement="Master agreement 2020-03",
    )  # fmt: skip
    return replace(
        value, kind=DocumentKind.QUOTE, number="24000001", due_on=date(2020, 10, 31), lines=lines, quoted=terms
    )


def quote_of_usage() -> Document:
    """Usage offered at several prices: tiers, volume, packages, a commit, what is included, a cap, each with its month's least."""
    tiers = (Tier(Decimal(10), Decimal("5")), Tier(Decimal(100), Decimal("4.25")), Tier(None, Decimal("3.125")))
    rows = (
        ("Traffic, tiered", "E35", UsagePrice(model=PriceModel.TIERED, tiers=tiers, minimum=Decimal("20"))),
        ("Traffic, by volume", "E35", UsagePrice(model=PriceModel.VOLUME, tiers=tiers)),
        ("Backup storage", "E34", UsagePrice(model=PriceModel.PACKAGE, price=Decimal("7.50"), size=Decimal(500))),
        ("Bandwidth, 95th percentile", "E20",
         UsagePrice(model=PriceModel.COMMIT, price=Decimal("1.20"), included=Decimal(100), overage_price=Decimal("1.80"))),
        ("Traffic of the rack", "E35", UsagePrice(model=PriceModel.INCLUDED, price=Decimal("2"), included=Decimal(30))),
        ("Virtual server by the hour", "HUR", UsagePrice(model=PriceModel.CAPPED, price=Decimal("0.035"), cap=Decimal("19.90"))),
        ("Support at night", "HUR", UsagePrice(model=PriceModel.FLAT, price=Decimal("90"))),
    )  # fmt: skip
    positions = []
    for number, (name, unit, price) in enumerate(rows, start=1):
        subject = LineSubject(
            contract_id="", service_id="", product_id="TRAFFIC", product_code=f"U{number}", description=name,
            location="AMS-02",
        )  # fmt: skip
        quantity, unit_price = opening_figures(price=price)
        positions.append(
            OfferedPosition(
                subject=subject, quantity=quantity, unit=unit, unit_price=unit_price, taxes=world.vat("S", "21"), usage_price=price
            )
        )  # fmt: skip
    value = quote()
    head = BillHead(
        sales_organisation_id=value.sales_organisation_id, issued_on=value.issued_on, currency="EUR", language="en",
        seller=value.seller, buyer=value.buyer, bill_to=value.bill_to, payment=value.payment,
    )  # fmt: skip
    assert value.quoted is not None
    draft = draft_offer(kind=DocumentKind.QUOTE, head=head, positions=positions, terms=value.quoted)
    return replace(draft, number="24000002", document_uuid=value.document_uuid)


def order_confirmation() -> Document:
    """The same, accepted: contract and services have their IDs."""
    terms = QuotedTerms(
        version=2, requested_by="Anke Brandt", starts_on=date(2020, 11, 15), term_months=24, notice_months=3,
        delivery_on=date(2020, 11, 12), first_invoice_on=date(2020, 12, 1), order_id="41000850", quote_number="24000001",
        agreement="Master agreement 2020-03",
    )  # fmt: skip
    value = replace(
        _offer(), kind=DocumentKind.ORDER_CONFIRMATION, number="25000001", quoted=terms, details_url=DETAILS
    )
    return replace(value, bill_to=replace(value.bill_to, po_number="PO-4799"))


def reminder() -> Document:
    """The second reminder of two invoices, one of them paid in part."""
    value = world.document(world.line(1, "129.95", world.vat("S", "21")), buyer=world.MUELLER, number="26000001")
    items = (
        RemindedItem(
            number="20000001",
            issued_on=date(2020, 8, 1),
            due_on=date(2020, 8, 15),
            gross_minor=15_724,
            open_minor=5_724,
        ),
        RemindedItem(
            number="20000009",
            issued_on=date(2020, 9, 1),
            due_on=date(2020, 9, 15),
            gross_minor=244_178,
            open_minor=244_178,
        ),
    )
    total = sum(item.open_minor for item in items)
    totals = Totals(net_minor=total, tax_minor=0, gross_minor=total, prepaid_minor=0, due_minor=total)
    return replace(
        value, kind=DocumentKind.REMINDER, lines=(), tax_subtotals=(), totals=totals, reminded=Reminded(step=2, items=items), details_url=DETAILS
    )  # fmt: skip


def more() -> dict[str, Document]:
    """The golden documents of this file by name."""
    return {
        "overview": overview(), "metered": metered(), "german_rate_change": german_rate_change(),
        "partial_credit": partial_credit(), "credit_of_three": credit_of_three(), "corrections": corrections(), "five_hundred_lines": five_hundred_lines(),
        "singapore_dollars": singapore_dollars(), "quote": quote(), "quote_of_usage": quote_of_usage(), "order_confirmation": order_confirmation(),
        "reminder": reminder(), **three_currencies(), **other_scripts(),
    }  # fmt: skip
