"""`rackbill document`: one document in any of its forms, as a file or on stdout."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from rackbill.domain.documents import queries as documents
from rackbill.domain.identifiers import queries as identifiers
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.interfaces.console import answers
from rackbill.interfaces.jobs import clock, document_forms

EVERYTHING = WholeInstallation()


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command("document")
    def document(
        number: Annotated[str, typer.Argument(help="a document of ours, written in any way")],
        form: Annotated[
            str, typer.Option("--format", help=f"{', '.join(document_forms.FORMS)}; einvoice is what the customer gets")
        ] = "pdf",
        output: Annotated[Path | None, typer.Option("--output", "-o", help="where it goes; - is stdout")] = None,
        language: Annotated[str, typer.Option(help="a translation, marked as one: pdf and html")] = "",
        force: Annotated[bool, typer.Option("--force", help="write over a file that is there")] = False,
        as_json: Annotated[bool, typer.Option("--json")] = False,
    ) -> None:
        """Write a document in one form: the stored file where one is stored, else made from the frozen value.

        An e-invoice is held against its official rules first; what does not meet them, or has none here, is not written.
        """
        made = document_forms.checked_form(
            scope=EVERYTHING, number=found_number(number), form=form, now=clock.now(), language=language
        )
        if output is not None and str(output) == "-":
            sys.stdout.buffer.write(made.content)
            return
        path = output or Path(made.name)
        if path.exists() and not force:
            raise answers.Refused(f"{path} is there already; name another file with -o, or add --force")
        path.write_bytes(made.content)
        if as_json:
            answers.print_json({"file": str(path), "media_type": made.media_type, "byte_count": len(made.content)})
        else:
            answers.out.print(f"written: {path}", markup=False, soft_wrap=True)


def found_number(text: str) -> str:
    """The number that a text means: with blanks, dashes, in other digits, with the word before it. Raises Refused."""
    named = documents.named_document(scope=EVERYTHING, text=text)
    if named is not None:
        return named.number
    raise answers.Refused(_why_not(text))


def _why_not(text: str) -> str:
    things = identifiers.resolutions(scope=EVERYTHING, text=text)
    for thing in things:
        if thing.target_kind == "archived_document":
            return (
                f"{thing.target_id} was issued by {thing.found_by.system or 'the system before this one'}, so it has no form "
                f"of ours; rackbill explain {thing.target_id} shows its lines"
            )
    if things:
        named = ", ".join(f"{thing.target_kind} {thing.target_id}" for thing in things)
        return f"{text!r} names {named}, no document; give the number of a document"
    return f"there is no document {text!r}; numbers have eight digits, rackbill resolve finds what a text names"
