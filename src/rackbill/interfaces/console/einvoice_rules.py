"""`rackbill einvoice-rules`: the official rules that e-invoices are held against before they are numbered and sent."""

from pathlib import Path
from typing import Annotated, Any

import typer

from rackbill.adapters.rule_checker import RuleChecker
from rackbill.formats.rule_packs import IMPORTED, VERSION_UNKNOWN, WITH_RULES, RulePack
from rackbill.interfaces.console import answers
from rackbill.interfaces.jobs import clock, einvoice_rules

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("import")
def import_rules(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="a downloaded folder with compiled rules (.xslt, .xsl)")
    ],
    profile: Annotated[
        str | None, typer.Option(help=f"{', '.join(IMPORTED)}; found out from the rules without it")
    ] = None,
    version: Annotated[str, typer.Option(help="of the rules, where the folder does not say it")] = "",
    licence: Annotated[str, typer.Option(help="a note, where the folder does not say it")] = "",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Check a folder of official rules and use them from now on, as phive-rules, KoSIT, OpenPEPPOL or CEN publish them."""
    checker = RuleChecker()
    try:
        found = einvoice_rules.import_folder(
            folder=folder, profile=profile, version=version, licence=licence, on=clock.wall().date(), checker=checker
        )
    finally:
        checker.close()
    if as_json:
        answers.print_json({"imported": [pack_json(pack) for pack in found]})
        return
    for pack in found:
        parts = ", ".join(dict.fromkeys(rules.part for rules in pack.files))
        answers.out.print(
            f"{pack.profile}: {pack.name} {pack.version}, {len(pack.files)} style sheets ({parts}), {len(pack.schemas)} schemas",
            soft_wrap=True,
        )
        answers.out.print(f"  checksum {pack.checksum}", soft_wrap=True)
        answers.out.print(f"  licence  {pack.licence}", soft_wrap=True)
        if pack.version == VERSION_UNKNOWN:
            answers.people.print(
                "  the rules do not say their version; import them again with --version", soft_wrap=True
            )


@app.command("list")
def list_rules(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """The rules in use for each e-invoice profile, and the profiles that have none."""
    among = einvoice_rules.packs()
    used = {profile: next((pack for pack in among if pack.profile == profile), None) for profile in WITH_RULES}
    if as_json:
        answers.print_json({
            "packs": [pack_json(pack) for pack in used.values() if pack is not None],
            "missing": [profile for profile, pack in used.items() if pack is None],
        })  # fmt: skip
        return
    for profile, pack in used.items():
        if pack is None:
            answers.out.print(f"{profile}: not imported; its invoices are refused", soft_wrap=True)
            continue
        origin = "comes with Rackbill" if pack.is_built_in else f"imported {pack.imported_on}"
        answers.out.print(f"{profile}: {pack.name} {pack.version}, {origin}", soft_wrap=True)
        answers.out.print(f"  checksum {pack.checksum}", soft_wrap=True)
        answers.out.print(f"  licence  {pack.licence}", soft_wrap=True)


def pack_json(pack: RulePack) -> dict[str, Any]:
    """The keys that scripts rely on."""
    return {
        "profile": pack.profile, "name": pack.name, "version": pack.version, "checksum": pack.checksum,
        "licence": pack.licence, "imported_on": pack.imported_on or None, "files": [rules.name for rules in pack.files],
        "schemas": [schema.name for schema in pack.schemas],
    }  # fmt: skip
