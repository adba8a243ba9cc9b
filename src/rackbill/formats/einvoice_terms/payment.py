"""How to pay, as business terms: credit transfer, direct debit, or the words that nothing is asked for."""

from rackbill.core.document import Document, DocumentKind
from rackbill.core.party import BankAccount
from rackbill.formats.einvoice_terms.national import german_rule, is_danish, is_german
from rackbill.formats.einvoice_terms.values import EinvoiceRefused, PaymentTerms, Profile
from rackbill.formats.wording import Wording

_CREDIT_TRANSFER = "30"
_SEPA_CREDIT_TRANSFER = "58"
_DIRECT_DEBIT = "49"
_SEPA_DIRECT_DEBIT = "59"
_SET_OFF = "97"
_STANDING_AGREEMENT = "57"
_TO_AN_ACCOUNT = "42"
_DEBIT_TRANSFER = "31"
"""Means of payment (BT-81, UNTDID 4461)."""


def payment_terms(document: Document, profile: Profile, words: Wording) -> PaymentTerms:
    """BG-16. Raises EinvoiceRefused where the profile demands an account or mandate data that the document lacks."""
    payment = document.payment
    conditions = _conditions(document, words)
    if document.kind is DocumentKind.CREDIT_NOTE:
        code = _credit_code(document, profile)
        return PaymentTerms(code=code, reference=document.number if code else "", conditions=conditions)
    account = payment.account
    if payment.mandate_reference:
        return _direct_debit(document, profile, conditions)
    number = (account.iban or account.account_number).strip() if account else ""
    if account is None or not number:
        _check_means(document, profile)
        return PaymentTerms(conditions=conditions)
    is_iban = bool(account.iban.strip())
    return PaymentTerms(
        code=_transfer_code(document, profile, account),
        account="".join(number.split()) if is_iban else number, is_iban=is_iban, account_name=document.seller.name.strip(),
        bank_code=(account.bic or account.routing_code).strip(), reference=document.number, conditions=conditions,
    )  # fmt: skip


def _credit_code(document: Document, profile: Profile) -> str:
    """A credit is set off, so the seller's account would mislead, but Germany wants means on every document (BR-DE-1, DE-R-001).

    So does Peppol of a Dutch seller where there is an amount (NL-R-007), and it knows no set-off there (NL-R-008): 57, as agreed.
    """
    if is_german(document, profile):
        return _SET_OFF
    is_dutch = document.seller.address.country == "NL" and document.totals.due_minor > 0
    return _STANDING_AGREEMENT if profile.rules == "peppol" and is_dutch else ""


def _transfer_code(document: Document, profile: Profile, account: BankAccount) -> str:
    """30 or, for euros to an IBAN, 58. Between Danes Peppol knows no 30 (DK-R-005), but 31 with an IBAN and 42 without, both

    with the bank's code (DK-R-006).
    """
    is_iban = bool(account.iban.strip())
    if is_iban and document.currency == "EUR":
        return _SEPA_CREDIT_TRANSFER
    if not is_danish(document, profile):
        return _CREDIT_TRANSFER
    if not (account.bic or account.routing_code).strip():
        raise EinvoiceRefused(
            f"{profile.title} wants the bank's code (BT-86) beside a Danish account; enter BIC or registration number of the "
            f"account in {document.currency} at sales organisation {document.sales_organisation_id}",
            rule="DK-R-006", term="BT-86",
        )  # fmt: skip
    return _DEBIT_TRANSFER if is_iban else _TO_AN_ACCOUNT


def _direct_debit(document: Document, profile: Profile, conditions: str) -> PaymentTerms:
    payment = document.payment
    if is_german(document, profile):
        for value, what, number, term in (
            (payment.creditor_id, "creditor ID", 30, "BT-90"),
            (payment.debited_account, "debited account", 31, "BT-91"),
        ):
            if not value.strip():
                raise EinvoiceRefused(
                    f"{profile.title} wants the {what} ({term}) beside mandate {payment.mandate_reference}; enter it, or choose "
                    "another form of invoice",
                    rule=german_rule(profile, number), term=term,
                )  # fmt: skip
    return PaymentTerms(
        code=_SEPA_DIRECT_DEBIT if document.currency == "EUR" and payment.creditor_id else _DIRECT_DEBIT,
        mandate=payment.mandate_reference,
        creditor_id=payment.creditor_id,
        debited_account="".join(payment.debited_account.split()),
        reference=document.number,
        conditions=conditions,
    )


def _check_means(document: Document, profile: Profile) -> None:
    is_dutch = document.seller.address.country == "NL" and document.totals.due_minor > 0
    rule = "NL-R-007" if profile.rules == "peppol" and is_dutch else ""
    if is_german(document, profile):
        rule = german_rule(profile, 1)
    if rule:
        raise EinvoiceRefused(
            f"{profile.title} wants to know how {document.number} is paid (BG-16); enter an account in "
            f"{document.currency} at sales organisation {document.sales_organisation_id}",
            rule=rule, term="BG-16",
        )  # fmt: skip


def _conditions(document: Document, words: Wording) -> str:
    """BT-20 in the document's language; also what makes BR-CO-25 hold on a credit note, which has no due date."""
    if document.kind is DocumentKind.CREDIT_NOTE:
        return words.word("credited")
    if document.totals.due_minor <= 0:
        return words.word("nothing_to_pay")
    if document.payment.mandate_reference:
        return words.word("debited", mandate=document.payment.mandate_reference)
    return f"{words.word('to_pay')} {words.word('pay_by', date=words.day(document.due_on))}"
