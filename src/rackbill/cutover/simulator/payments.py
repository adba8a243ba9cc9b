"""Money received: payments that explain what is open, credits that belong to customers, and mandates for direct debit."""

from datetime import date, timedelta

from schwifty import IBAN

from rackbill.cutover.simulator.days import EXPORT_DAY, LAST_RUN, ONE_DAY
from rackbill.cutover.simulator.dice import Dice, dice
from rackbill.cutover.simulator.history import Bill
from rackbill.cutover.simulator.sums import print_cents
from rackbill.cutover.simulator.world import Customer, World

# Bank codes that no bank has: nobody's account is hit by accident. Digits of the account follow the country.
_ACCOUNTS = {
    "NL": ("EXBK", 10, "EXBKNL2A"), "DE": ("99990000", 10, "EXBKDEFF"), "BE": ("999", 7, "EXBKBEBB"),
    "FR": ("9999900001", 11, "EXBKFRPP"), "ES": ("99990001", 10, "EXBKESMM"), "AT": ("99999", 11, "EXBKATWW"),
    "FI": ("999", 10, "EXBKFIHH"), "IE": ("EXBK999999", 8, "EXBKIE2D"), "LU": ("999", 13, "EXBKLULL"),
    "PT": ("99990001", 11, "EXBKPTPL"),
}  # fmt: skip
# per mille still unpaid on the export day, by payer and age of the bill in runs (September, August, July)
_UNPAID = {"good": (330, 25, 4), "slow": (900, 420, 60), "bad": (1000, 850, 650)}


def settle(world: World, bills: list[Bill]) -> None:
    """Sets status and open amount of every bill and writes payments.csv, credits.csv and mandates.csv."""
    draw = dice(world.seed, "payments")
    for customer in world.customers:
        _draw_mandate(world, customer, draw)
    for bill in bills:
        if bill.kind == "credit_note":
            if bill.corrects is not None and bill.corrects.status != "CANCELLED":
                _credit(world, bill.customer, bill.currency, -bill.total, f"Credit note {bill.number}", bill.issued_on)
        elif bill.status != "CANCELLED" and bill.total > 0:
            _pay(world, bill, draw)
    for customer in world.customers:
        if draw.chance(35):
            _prepay(world, customer, draw)


def _pay(world: World, bill: Bill, draw: Dice) -> None:
    age = (LAST_RUN.month - bill.issued_on.month) % 12
    paid = bill.total
    if draw.chance(_UNPAID[bill.customer.payer][age]):
        partly = bill.total > 200 and draw.chance(110)
        paid = bill.total * draw.pick((25, 50, 50, 80)) // 100 if partly else 0
    bill.open_amount = bill.total - paid
    if bill.open_amount:
        bill.status = "OVERDUE" if bill.due_on < EXPORT_DAY else "OPEN"
    if paid > 1000 and draw.chance(15):
        _payment(world, bill, paid // 3, draw)
        paid -= paid // 3
    if paid:
        _payment(world, bill, paid, draw)


def _payment(world: World, bill: Bill, amount: int, draw: Dice) -> None:
    customer = bill.customer
    late = {"good": 3, "slow": 25, "bad": 40}[customer.payer]
    usual = (bill.due_on - bill.issued_on).days + draw.randrange(-9, late)
    day = min(bill.issued_on + timedelta(days=max(1, usual)), EXPORT_DAY - ONE_DAY)
    debit = customer.has_mandate and bill.currency == "EUR"
    method = "debit" if debit else draw.weighted((("transfer", 78), ("card", 22)))
    _add_payment(world, customer, day, bill.currency, amount, bill.number, method, _remittance(bill, method, draw))


def _remittance(bill: Bill, method: str, draw: Dice) -> str:
    number = bill.number
    if method != "transfer":
        return number
    return draw.pick((
        number, f"{number} {bill.customer.id}", f"Invoice {number}", f"inv. {number[:2]} {number[2:7]} {number[7:]}",
        f"/INV/{number.lower()}", bill.customer.id, f"Rechnung {number} Kd. {bill.customer.id}", "", "hosting",
    ))  # fmt: skip


def _add_payment(
    world: World, customer: Customer, day: date, currency: str, amount: int, number: str, method: str, text: str
) -> None:
    world.add("payments.csv", {
        "payment_id": f"P{len(world.tables['payments.csv']) + 100001}", "customer_id": customer.id, "received_on": day,
        "currency": currency, "amount": print_cents(amount), "invoice_number": number, "method": method,
        "remittance_text": text,
    })  # fmt: skip


def _credit(world: World, customer: Customer, currency: str, amount: int, reason: str, day: date) -> None:
    world.add("credits.csv", {
        "credit_id": f"C{len(world.tables['credits.csv']) + 5001}", "customer_id": customer.id, "currency": currency,
        "amount": print_cents(amount), "reason": reason, "created_on": day,
    })  # fmt: skip


def _prepay(world: World, customer: Customer, draw: Dice) -> None:
    """Money that came without an invoice and waits as a credit."""
    day = draw.day(max(customer.created_on, date(2020, 6, 2)), EXPORT_DAY - ONE_DAY)
    amount = draw.pick((2500, 5000, 10000, 25000, draw.randrange(301, 40000)))
    text = draw.pick((customer.id, f"prepayment {customer.id}", "top up", ""))
    _add_payment(world, customer, day, customer.currencies[0], amount, "", "transfer", text)
    _credit(
        world, customer, customer.currencies[0], amount, draw.pick(("Prepaid balance", "Overpayment", "Deposit")), day
    )


def _draw_mandate(world: World, customer: Customer, draw: Dice) -> None:
    country = customer.country.code
    if customer.org.id not in ("2000", "2100") or "EUR" not in customer.currencies or country not in _ACCOUNTS:
        return
    if not draw.chance(360):
        return
    bank, digits, bic = _ACCOUNTS[country]
    signed = draw.day(customer.created_on, EXPORT_DAY - timedelta(days=3))
    customer.has_mandate = signed < date(2020, 7, 1)
    number = len(world.tables["mandates.csv"]) + 1
    world.add("mandates.csv", {
        "mandate_reference": f"MH-{customer.org.id}-{number:06d}", "customer_id": customer.id,
        "holder": customer.row["name"], "signed_on": signed, "bic": bic if draw.chance(700) else "",
        "iban": str(IBAN.generate(country, bank_code=bank, account_code=draw.fill("N" + "#" * (digits - 1)))),
        "last_used_on": date(2020, 9, 3) if customer.has_mandate else "",
    })  # fmt: skip
