"""Bank files written by hand: CAMT.053 of several versions, and CSV in our own columns."""

import csv
import io
from collections.abc import Sequence
from xml.sax.saxutils import escape

from rackbill.core.bank_statement import LineKind, StatementLine
from rackbill.core.money import decimal_from_minor
from rackbill.formats.bank_csv import COLUMNS

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001."


def party(version: str, name: str) -> str:
    """From version 08 on a party stands one level deeper."""
    return f"<Dbtr><Pty><Nm>{name}</Nm></Pty></Dbtr>" if version >= "08" else f"<Dbtr><Nm>{name}</Nm></Dbtr>"


def status(version: str, code: str) -> str:
    """From version 08 on the status is a code in an element of its own."""
    return f"<Sts><Cd>{code}</Cd></Sts>" if version >= "08" else f"<Sts>{code}</Sts>"


def detail(
    version: str, text: str = "", *, amount: str = "", end_to_end_id: str = "NOTPROVIDED", iban: str = "NL91ABNA0417164300",
    name: str = "Buyer BV", reference: str = "", more: str = "", currency: str = "EUR",
) -> str:  # fmt: skip
    """One transaction of an entry; its amount stands in AmtDtls in version 02, directly later."""
    own = ""
    if amount:
        plain = f'<Amt Ccy="{currency}">{amount}</Amt>'
        own = f"<AmtDtls><TxAmt>{plain}</TxAmt></AmtDtls>" if version < "04" else plain
    ref = f"<AcctSvcrRef>{reference}</AcctSvcrRef>" if reference else ""
    return (
        f"<TxDtls><Refs>{ref}<EndToEndId>{end_to_end_id}</EndToEndId></Refs>{own}"
        f"<RltdPties>{party(version, name)}<DbtrAcct><Id><IBAN>{iban}</IBAN></Id></DbtrAcct></RltdPties>"
        f"<RmtInf><Ustrd>{text}</Ustrd></RmtInf>{more}</TxDtls>"
    )


def entry(
    version: str, amount: str, *details: str, way: str = "CRDT", code: str = "BOOK", reference: str = "", more: str = "",
    currency: str = "EUR", day: str = "2020-10-15",
) -> str:  # fmt: skip
    """One entry of a statement."""
    ref = f"<AcctSvcrRef>{reference}</AcctSvcrRef>" if reference else ""
    inner = f"<NtryDtls>{''.join(details)}</NtryDtls>" if details else ""
    return (
        f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{way}</CdtDbtInd>{status(version, code)}'
        f"<BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt>{ref}{more}{inner}</Ntry>"
    )


def balance(code: str, amount: str, way: str = "CRDT") -> str:
    """An opening (OPBD) or closing (CLBD) balance."""
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{way}</CdtDbtInd>'
        "<Dt><Dt>2020-10-15</Dt></Dt></Bal>"
    )


def camt(
    version: str, *entries: str, balances: str = "", iban: str = "DE89370400440532013000", head: str = ""
) -> bytes:
    """A file with one statement."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<Document xmlns="{NAMESPACE}{version}"><BkToCstmrStmt><GrpHdr><MsgId>1</MsgId>'
        f"</GrpHdr><Stmt><Id>S1</Id><Acct><Id><IBAN>{iban}</IBAN></Id></Acct>{balances}{''.join(entries)}</Stmt>"
        "</BkToCstmrStmt></Document>"
    ).encode()


def bank_csv(lines: Sequence[StatementLine]) -> bytes:
    """The lines in our own columns."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for line in lines:
        sign = 1 if line.kind is LineKind.RECEIVED else -1
        amount = decimal_from_minor(sign * line.amount_minor, line.currency)
        table.writerow(
            [
                line.account, line.booked_on, line.value_on, amount, line.currency, line.payer_name, line.payer_account, line.text,
                line.end_to_end_id, line.mandate_reference, line.bank_reference,
            ]
        )  # fmt: skip
    return text.getvalue().encode()


def camt_of(lines: Sequence[StatementLine], version: str = "08") -> bytes:
    """The lines as entries of one statement."""
    charge = "<BkTxCd><Domn><Cd>ACMT</Cd><Fmly><Cd>MDOP</Cd><SubFmlyCd>CHRG</SubFmlyCd></Fmly></Domn></BkTxCd>"
    entries = []
    for line in lines:
        more = {LineKind.RETURNED: "<RvslInd>true</RvslInd>", LineKind.BANK_CHARGE: charge}.get(line.kind, "")
        mandate = f"<MndtId>{line.mandate_reference}</MndtId>" if line.mandate_reference else ""
        one = detail(version, escape(line.text), iban=line.payer_account, name=line.payer_name)
        one = one.replace("</EndToEndId>", f"</EndToEndId>{mandate}")
        amount = str(decimal_from_minor(line.amount_minor, line.currency))
        way = "CRDT" if line.kind is LineKind.RECEIVED else "DBIT"
        entries.append(
            entry(version, amount, one, way=way, more=more, currency=line.currency, day=line.booked_on.isoformat())
        )
    return camt(version, *entries)
