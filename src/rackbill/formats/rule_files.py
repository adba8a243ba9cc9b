"""Style sheets of official rules: whose they are, for which documents, in which version, under which licence.

Told by what the files say, never by their names.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

NAMESPACES = {
    "Invoice": "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2",
    "CreditNote": "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2",
    "CrossIndustryInvoice": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
}
ROOTS = tuple(NAMESPACES)
LICENCE_UNKNOWN = "no licence stated in the folder; ask the publisher before passing it on"
VERSION_UNKNOWN = "of unknown version"
FACTUR_X, PINT, IRAS = "factur-x", "pint", "iras-c5"
"""Parts that are no profile: Factur-X's own form of EN 16931, what all countries' PINT share, what Singapore's IRAS accepts."""
IN_PINT_SG = (PINT, "pint-sg", IRAS)
_RULE_ID = re.compile(r'(?:"id">|\sid=")([A-Za-z][\w.-]*)')
LOOKED_UP = re.compile(r"document\('([^'/\\]+)'\)")


class RulesUnknown(ValueError):
    """A folder that is no pack of rules, or more than one; the message says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    """One style sheet of a pack. `part` is whose rules they are; `data` are the code lists that it looks things up in."""

    name: str
    part: str
    roots: tuple[str, ...]
    sha256: str
    data: tuple[tuple[str, str], ...] = ()


def rule_file(path: str, files: Mapping[str, bytes]) -> RuleFile | None:
    """The file of a folder (path → bytes) as official rules; None where it is none. Raises RulesUnknown."""
    if not path.endswith((".xslt", ".xsl")):
        return None
    text = files[path].decode("utf-8", errors="replace")
    if "http://purl.oclc.org/dsdl/svrl" not in text:
        return None
    part, roots = _part(_RULE_ID.findall(text)), tuple(root for root in ROOTS if _speaks_of(text, NAMESPACES[root]))
    if part is None or not roots:
        return None
    data = []
    for name in dict.fromkeys(LOOKED_UP.findall(text)):
        beside = str(PurePosixPath(path).with_name(name))
        if beside not in files:
            raise RulesUnknown(f"{path} looks things up in {name}, which is not beside it; download the whole folder")
        data.append((beside, hashlib.sha256(files[beside]).hexdigest()))
    return RuleFile(name=path, part=part, roots=roots, sha256=hashlib.sha256(files[path]).hexdigest(), data=tuple(data))


def _part(ids: Sequence[str]) -> str | None:
    """Whose rules these are. XRechnung repeats rules of Peppol, and Factur-X those of EN 16931, so they are asked first."""

    def count(*starts: str) -> int:
        return sum(1 for one in set(ids) if one.lower().startswith(starts))

    if count("br-de-"):
        return "xrechnung"
    if count("irasc5-"):
        return IRAS
    if any(one.lower().endswith("-sg") for one in ids):
        return "pint-sg"
    if count("ibr-") and not count("aligned-ibr"):
        return PINT
    if count("peppol-en16931-") > 1:
        return "peppol"
    if count("fx-sch-"):
        return FACTUR_X
    return "en16931" if count("br-co-", "br-s-", "br-0", "br-1") else None


def _speaks_of(text: str, namespace: str) -> bool:
    prefixes = re.findall(rf'xmlns:([\w-]+)="{re.escape(namespace)}"', text)
    return any(re.search(rf"\b{prefix}:[A-Z]", text) for prefix in prefixes)


def version_of(own: Sequence[RuleFile], files: Mapping[str, bytes]) -> str:
    """What the rules call themselves, else a folder that looks like a version, else the day on which they were compiled."""
    texts = [files[rules.name].decode("utf-8", errors="replace") for rules in own]
    for text in texts:
        # The network's version is what people ask for; that of its Schematron counts beside it.
        if match := re.search(r"Schematron Version (\d[\d.]*) - \w+ (\d[\d.]*)", text):
            return f"{match[2]} (Schematron {match[1]})"
        if match := re.search(r"Schematron [Vv]ersion (\d[\w.-]*)|\sVersion: (\d[\w.-]*)", text):
            return str(match[1] or match[2])
    for rules in own:
        # The folder nearest to the file that looks like a version: openpeppol/2026.5/xslt/….xslt
        for segment in reversed(PurePosixPath(rules.name).parts):
            if match := re.search(r"\d+(?:[.-]\d+)+", segment.removesuffix(".xslt").removesuffix(".xsl")):
                if "16931" not in match[0]:
                    return match[0]
    days = [match[1] for text in texts if (match := re.search(r"<dct:created>(\d{4}-\d\d-\d\d)", text))]
    return f"compiled {max(days)}" if days else VERSION_UNKNOWN


def licence_of(files: Mapping[str, bytes], own: Sequence[RuleFile]) -> str:
    """What the rules say themselves, else the licence in their folder or one above it: a licence that lies aside is of

    something else, as of the package that carries them.
    """
    for rules in own:
        head = files[rules.name][:3000].decode("utf-8", errors="replace")
        if match := re.search(r"Licensed under[^\n<]*", head):
            return match[0].removesuffix("-->").strip()
    above = {folder for rules in own for folder in PurePosixPath(rules.name).parents}
    for path in sorted(files, key=lambda path: (path.count("/"), path)):
        name = PurePosixPath(path)
        if name.parent in above and name.name.upper().split(".")[0] in ("LICENSE", "LICENCE", "COPYING", "NOTICE"):
            lines = [" ".join(line.split()) for line in files[path].decode("utf-8", errors="replace").splitlines()]
            if words := " ".join(filter(None, lines))[:160]:
                return f"{path}: {words}"
    return LICENCE_UNKNOWN
