"""Bank lines from CAMT.053 (ISO 20022 bank-to-customer statement), versions 02 to 08."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation

from lxml import etree

from rackbill.core.bank_statement import BankFileRefused, BankStatement, LineKind, StatementLine
from rackbill.core.money import UnknownCurrency, exact_minor_from_decimal

NAMESPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.(0[2-8])")
NO_REFERENCE = {"", "NONREF", "NOTPROVIDED", "NOTAVAILABLE"}
"""What banks write where they have no reference."""
CHARGES = {"CHRG", "COMM", "COME", "FEES"}
"""Families and sub-families of bank transaction codes that stand for charges of the bank."""

Node = etree._Element


def read_camt(content: bytes) -> BankStatement:
    """Every booked entry of every statement; a batch as its transactions. Entries are checked against the balances.

    Raises BankFileRefused for what is no CAMT.053, has a document type (entities are never resolved), or does not add up.
    """
    root = _parsed(content)
    lines: list[StatementLine] = []
    left_out: list[str] = []
    statements = list(_all(root, "BkToCstmrStmt/Stmt"))
    if not statements:
        raise BankFileRefused("the file holds no statement (BkToCstmrStmt/Stmt)")
    for statement in statements:
        _check_balances(statement)
        account = _text(statement, "Acct/Id/IBAN") or _text(statement, "Acct/Id/Othr/Id")
        if not account:
            raise BankFileRefused(f"statement {_text(statement, 'Id')} does not name its account")
        for place, entry in enumerate(_all(statement, "Ntry"), start=1):
            status = _text(entry, "Sts/Cd") or _text(entry, "Sts")
            if status != "BOOK":
                left_out.append(f"entry {place} of statement {_text(statement, 'Id')} is not booked yet ({status})")
                continue
            found = list(_lines(entry, re.sub(r"\s+", "", account)))
            if not found:
                left_out.append(f"entry {place} of statement {_text(statement, 'Id')} moves no money")
            lines += found
    return BankStatement(tuple(lines), tuple(left_out))


def _parsed(content: bytes) -> Node:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, remove_comments=True,
        remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as fault:
        raise BankFileRefused(f"the file is not well-formed XML: {fault.msg}") from None
    if root.getroottree().docinfo.doctype:  # type: ignore[union-attr]
        raise BankFileRefused("the file declares a document type; a bank statement has none, so it is not read")
    namespace = etree.QName(root).namespace or ""
    if not NAMESPACE.fullmatch(namespace):
        raise BankFileRefused(
            f"the file is {namespace or 'XML without a namespace'}; CAMT.053 of versions 02 to 08 is read"
        )
    return root


def _lines(entry: Node, account: str) -> Iterator[StatementLine]:
    """One line for an entry, or one for each transaction of a batch whose amounts make up the entry's."""
    currency, amount = _amount(entry, "Amt")
    if amount == 0:
        return
    whole = _line(entry, None, account, currency, amount)
    details = list(_all(entry, "NtryDtls/TxDtls"))
    if len(details) == 1:
        yield from _with_charges(_line(entry, details[0], account, currency, amount), entry, details[0])
        return
    parts = [_own_amount(detail, currency) for detail in details]
    if details and all(part is not None and part > 0 for part in parts) and sum(part or 0 for part in parts) == amount:
        for place, (detail, part) in enumerate(zip(details, parts, strict=True), start=1):
            line = _line(entry, detail, account, currency, part or 0)
            if line.bank_reference:
                line = replace(line, bank_reference=f"{line.bank_reference}/{place}")
            yield line
        return
    if details:
        # The parts do not make up the whole, so only the whole is money; a person reads the texts.
        texts = " | ".join(filter(None, (_remittance(detail) for detail in details)))
        whole = replace(whole, text=texts or whole.text)
    yield from _with_charges(whole, entry, None)


def _line(entry: Node, detail: Node | None, account: str, currency: str, amount_minor: int) -> StatementLine:
    booked_on = _day(entry, "BookgDt")
    payer = _one(detail, "RltdPties")
    name = (
        _text(payer, "Dbtr/Nm")
        or _text(payer, "Dbtr/Pty/Nm")
        or _text(payer, "UltmtDbtr/Nm")
        or _text(payer, "UltmtDbtr/Pty/Nm")
    )
    references = (_text(detail, "Refs/AcctSvcrRef"), _text(entry, "AcctSvcrRef"))
    return StatementLine(
        account=account, currency=currency, amount_minor=amount_minor, kind=_kind(entry, detail), booked_on=booked_on,
        value_on=_day(entry, "ValDt") if _one(entry, "ValDt") is not None else booked_on,
        bank_reference=next((one for one in references if one.upper() not in NO_REFERENCE), ""), payer_name=name,
        payer_account=_text(payer, "DbtrAcct/Id/IBAN") or _text(payer, "DbtrAcct/Id/Othr/Id"),
        text=_remittance(detail) or _text(entry, "AddtlNtryInf"), end_to_end_id=_reference(detail, "Refs/EndToEndId"),
        mandate_reference=_reference(detail, "Refs/MndtId"),
    )  # fmt: skip


def _kind(entry: Node, detail: Node | None) -> LineKind:
    """Money that came in also by the reversal of what we paid; what the bank took back is a reversal or a return."""
    if _text(entry, "CdtDbtInd") == "CRDT":
        return LineKind.RECEIVED
    if _text(entry, "RvslInd") == "true" or _one(detail, "RtrInf") is not None:
        return LineKind.RETURNED
    family = {_text(entry, "BkTxCd/Domn/Fmly/Cd"), _text(entry, "BkTxCd/Domn/Fmly/SubFmlyCd")}
    return LineKind.BANK_CHARGE if family & CHARGES else LineKind.PAID_OUT


def _with_charges(line: StatementLine, entry: Node, detail: Node | None) -> Iterator[StatementLine]:
    """Where the bank kept its charge out of the money, the customer paid the whole, and the charge is a line of ours."""
    charge = sum(_charges(detail, line.currency)) or sum(_charges(entry, line.currency))
    sent = [_amount_of(node) for node in _all(detail, "AmtDtls/InstdAmt/Amt") if node.get("Ccy") == line.currency]
    is_included = _text(detail, "Chrgs/Rcrd/ChrgInclInd") == "true" or _text(entry, "Chrgs/Rcrd/ChrgInclInd") == "true"
    if line.kind is not LineKind.RECEIVED or charge <= 0 or not (is_included or sent == [line.amount_minor + charge]):
        yield line
        return
    yield replace(line, amount_minor=line.amount_minor + charge)
    reference = f"{line.bank_reference}/charge" if line.bank_reference else ""
    yield replace(line, kind=LineKind.BANK_CHARGE, amount_minor=charge, bank_reference=reference)


def _charges(node: Node | None, currency: str) -> Iterator[int]:
    for path in ("Chrgs/Rcrd", "Chrgs"):
        for charge in _all(node, path):
            amount = _one(charge, "Amt")
            if amount is not None and amount.get("Ccy") == currency and _text(charge, "CdtDbtInd") != "CRDT":
                yield _amount_of(amount)


def _own_amount(detail: Node, currency: str) -> int | None:
    """The amount of one transaction of a batch in the currency of the account, in minor units, or None."""
    for path in ("Amt", "AmtDtls/TxAmt/Amt"):
        for node in _all(detail, path):
            if node.get("Ccy") == currency:
                return _amount_of(node)
    return None


def _remittance(detail: Node | None) -> str:
    free = [node.text or "" for node in _all(detail, "RmtInf/Ustrd")]
    for structured in _all(detail, "RmtInf/Strd"):
        free += [_text(structured, "CdtrRefInf/Ref")]
        free += [node.text or "" for node in _all(structured, "RfrdDocInf/Nb")]
        free += [node.text or "" for node in _all(structured, "AddtlRmtInf")]
    return " ".join(part.strip() for part in free if part.strip()) or _text(detail, "AddtlTxInf")


def _reference(detail: Node | None, path: str) -> str:
    text = _text(detail, path)
    return "" if text.upper() in NO_REFERENCE else text


def _check_balances(statement: Node) -> None:
    """Opening balance and booked entries must make the closing balance, where the bank gives both."""
    found: dict[str, int] = {}
    for balance in _all(statement, "Bal"):
        code = _text(balance, "Tp/CdOrPrtry/Cd")
        found[code] = _signed(balance)
    opening = found.get("OPBD", found.get("PRCD"))
    if opening is None or "CLBD" not in found:
        return
    booked = [e for e in _all(statement, "Ntry") if (_text(e, "Sts/Cd") or _text(e, "Sts")) == "BOOK"]
    off = opening + sum(_signed(entry) for entry in booked) - found["CLBD"]
    if off:
        raise BankFileRefused(
            f"statement {_text(statement, 'Id')} does not add up: balances and entries differ by {off} minor units; "
            "fetch the file again"
        )


def _signed(node: Node) -> int:
    _currency, amount = _amount(node, "Amt")
    return -amount if _text(node, "CdtDbtInd") == "DBIT" else amount


def _amount(node: Node, path: str) -> tuple[str, int]:
    found = _one(node, path)
    if found is None:
        raise BankFileRefused(f"line {node.sourceline} of the file: {etree.QName(node).localname} has no amount")
    return found.get("Ccy") or "", _amount_of(found)


def _amount_of(node: Node) -> int:
    try:
        value = Decimal((node.text or "").strip())
        minor = exact_minor_from_decimal(value, node.get("Ccy") or "")
    except (InvalidOperation, UnknownCurrency, ValueError):
        raise BankFileRefused(
            f"line {node.sourceline} of the file: {node.text!r} {node.get('Ccy')} is no amount"
        ) from None
    if minor < 0:
        raise BankFileRefused(
            f"line {node.sourceline} of the file: an amount is never below zero, its indicator says so"
        )
    return minor


def _day(node: Node, path: str) -> date:
    text = _text(node, f"{path}/Dt") or _text(node, f"{path}/DtTm")[:10]
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BankFileRefused(f"line {node.sourceline} of the file: {path} has no day but {text!r}") from None


def _all(node: Node | None, path: str) -> Sequence[Node]:
    """The children along a path of local names, whatever the version's namespace is."""
    found = [] if node is None else [node]
    for name in path.split("/"):
        found = [child for one in found for child in one.iterchildren(f"{{*}}{name}")]
    return found


def _one(node: Node | None, path: str) -> Node | None:
    found = _all(node, path)
    return found[0] if found else None


def _text(node: Node | None, path: str) -> str:
    found = _one(node, path)
    return (found.text or "").strip() if found is not None else ""
