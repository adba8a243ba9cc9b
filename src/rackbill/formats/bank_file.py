"""A bank file of either form → its lines."""

from rackbill.core.bank_statement import BankStatement
from rackbill.formats.bank_camt import read_camt
from rackbill.formats.bank_csv import CsvLayout, read_bank_csv

FORMS = ("camt053", "csv")


def read_bank_file(content: bytes, *, form: str = "", layout: CsvLayout | None = None) -> BankStatement:
    """The lines of a file; without a form, XML is CAMT.053 and anything else CSV. Raises BankFileRefused."""
    is_xml = form == "camt053" or (not form and content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<")
    return read_camt(content) if is_xml else read_bank_csv(content, layout=layout or CsvLayout())
