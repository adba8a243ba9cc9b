"""The rule packs of this installation: those that come with it, those that were imported, and their import."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path, PurePosixPath

from django.conf import settings
from lxml import etree

from rackbill.adapters import rule_packs as pack_storage
from rackbill.adapters.rule_checker import RuleChecker, StyleSheet
from rackbill.formats import rule_packs, rule_schemas
from rackbill.formats.rule_packs import PackMissing, RuleFile, RulePack, RulesUnknown
from rackbill.formats.rule_schemas import SchemaFile, SchemaRefused

SAMPLES = {
    "Invoice": '<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" {ubl}>{head}</Invoice>',
    "CreditNote": '<CreditNote xmlns="urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2" {ubl}>{head}</CreditNote>',
    "CrossIndustryInvoice": "<rsm:CrossIndustryInvoice {cii}><rsm:ExchangedDocumentContext/>"
    "<rsm:ExchangedDocument><ram:ID>1</ram:ID></rsm:ExchangedDocument></rsm:CrossIndustryInvoice>",
}
"""Documents that are nothing but their kind: rules that are rules look at them and find them wanting."""
_PREFIXES = {
    "ubl": 'xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"',
    "cii": 'xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100" '
    'xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"',
    "head": "<cbc:ID>1</cbc:ID>",
}


class ImportRefused(ValueError):
    """A folder whose rules cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class UsedRules:
    """What a document of one profile and XML root must pass: the style sheets, and of which part each is."""

    label: str
    style_sheets: tuple[StyleSheet, ...]
    parts: tuple[tuple[str, str], ...]


def root_folder() -> Path:
    """Where imported packs lie."""
    return Path(settings.EINVOICE_RULES)


def packs() -> list[RulePack]:
    """All packs in use, imported ones first. Raises RulesUnknown where a manifest was changed by hand."""
    imported = [rule_packs.pack_from_manifest(content) for content in pack_storage.manifests(root=root_folder())]
    return [*imported, *rule_packs.built_in_packs()]


def used_rules(*, profile: str, root: str, among: list[RulePack]) -> UsedRules:
    """The rules for documents of a profile. Raises PackMissing, RulesUnknown, PackDamaged."""
    chosen = rule_packs.rules_for(profile=profile, root=root, packs=among)
    sheets = tuple(_style_sheet(pack, rules) for pack, rules in chosen)
    labels = dict.fromkeys(pack.label for pack, _rules in chosen)
    parts = tuple((rules.sha256, rules.part) for _pack, rules in chosen)
    return UsedRules(label="; ".join(labels), style_sheets=sheets, parts=parts)


def imported_schema(*, profile: str, root: str, among: list[RulePack]) -> etree.XMLSchema | None:
    """The imported schema for documents of a profile; None where none was imported, or its rules are missing altogether.

    Raises RulesUnknown, PackDamaged.
    """
    try:
        found = rule_packs.schema_for(profile=profile, root=root, packs=among)
    except PackMissing:
        return None
    return None if found is None else _kept_schema(found[0].checksum, found[1])


@lru_cache(maxsize=16)
def _kept_schema(checksum: str, schema: SchemaFile) -> etree.XMLSchema:
    digests = {schema.name: schema.sha256, **dict(schema.data)}
    root = root_folder()
    files = {
        name: pack_storage.pack_file(root=root, checksum=checksum, name=name, sha256=digest)
        for name, digest in digests.items()
    }
    try:
        return rule_schemas.compiled_schema(schema, files)
    except SchemaRefused as fault:
        raise RulesUnknown(str(fault)) from fault


def import_folder(
    *, folder: Path, profile: str | None, version: str, licence: str, on: date, checker: RuleChecker
) -> list[RulePack]:
    """Takes a downloaded folder's rules and schemas in use, once each compiles and every style sheet runs; the packs.

    Raises FileNotFoundError, RulesUnknown, ImportRefused, RuleCheckerDown.
    """
    files = pack_storage.folder_files(folder=folder)
    found = rule_packs.recognised_packs(files, profile=profile, imported_on=on, version=version, licence=licence)
    for pack in found:
        for rules in pack.files:
            _try_out(rules, files, checker)
        for schema in pack.schemas:
            _try_schema(schema, files)
    for pack in found:
        every: tuple[RuleFile | SchemaFile, ...] = (*pack.files, *pack.schemas)
        names = {name for one in every for name in (one.name, *(name for name, _sha in one.data))}
        pack_storage.store_pack(
            root=root_folder(), profile=pack.profile, checksum=pack.checksum, manifest=rule_packs.manifest(pack),
            files={name: files[name] for name in sorted(names)},
        )  # fmt: skip
    return found


def _try_out(rules: RuleFile, files: dict[str, bytes], checker: RuleChecker) -> None:
    sheet = _made(rules, {name: files[name] for name in (rules.name, *(name for name, _sha in rules.data))})
    try:
        for root in rules.roots:
            ((ran,),) = checker.check(style_sheets=[sheet], documents=[sample(root)])
            if ran.fault:
                raise ImportRefused(f"{rules.name} does not run on a {root}: {ran.fault}")
            if not ran.rule_count:
                raise ImportRefused(f"{rules.name} has no rule that looks at a {root}; it is no compiled Schematron")
    except ImportRefused:
        raise
    except ValueError as fault:
        raise ImportRefused(f"{rules.name} does not compile: {fault}") from fault


def _try_schema(schema: SchemaFile, files: dict[str, bytes]) -> None:
    names = (schema.name, *(name for name, _sha in schema.data))
    try:
        rule_schemas.compiled_schema(schema, {name: files[name] for name in names})
    except SchemaRefused as fault:
        raise ImportRefused(f"{fault}; download the folder again, or leave its schemas out") from fault


def sample(root: str) -> str:
    """A document of that root with next to nothing in it."""
    return SAMPLES[root].format(**_PREFIXES)


def _style_sheet(pack: RulePack, rules: RuleFile) -> StyleSheet:
    return _kept_sheet(pack.checksum, pack.is_built_in, rules)


@lru_cache(maxsize=16)
def _kept_sheet(checksum: str, is_built_in: bool, rules: RuleFile) -> StyleSheet:
    digests = {rules.name: rules.sha256, **dict(rules.data)}
    root = root_folder()
    return _made(
        rules,
        {
            name: rule_packs.built_in_file(name)
            if is_built_in
            else pack_storage.pack_file(root=root, checksum=checksum, name=name, sha256=digest)
            for name, digest in digests.items()
        },
    )


def _made(rules: RuleFile, files: dict[str, bytes]) -> StyleSheet:
    data = {PurePosixPath(name).name: files[name].decode() for name, _sha in rules.data}
    text, parameters = rule_packs.self_contained(files[rules.name].decode(), data)
    return StyleSheet(rules.sha256, text, parameters)
