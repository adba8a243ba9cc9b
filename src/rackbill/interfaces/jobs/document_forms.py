"""Every form of a document for whoever asks: the stored file where one is stored, else made now from the frozen value."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from rackbill.core.document import Document, DocumentKind
from rackbill.domain.documents import queries as documents
from rackbill.domain.kit.scope import Scope
from rackbill.formats.document_csv import write_document_csv
from rackbill.formats.document_html import render_html
from rackbill.formats.document_json import write_document_json
from rackbill.formats.document_pdf import render_pdf
from rackbill.formats.einvoice import write_einvoice
from rackbill.formats.einvoice_hybrid import HYBRID_PROFILES, embedded_einvoice, render_hybrid
from rackbill.formats.einvoice_rules import in_words
from rackbill.formats.messages import attachment_name
from rackbill.formats.wording import LANGUAGES
from rackbill.interfaces.jobs import document_files, einvoice_check, einvoice_readiness

HYBRID = "hybrid"
XML = "application/xml"
HYBRID_PROFILE = "factur-x"
"""What is put into the PDF of a document whose customer gets no hybrid of its own."""


class FormRefused(ValueError):
    """A document has no such form, or not in that language; the message names the form, the reason and the way out."""


class NotOffered(FormRefused):
    """Customers do not get this document in that form."""


@dataclass(frozen=True, slots=True)
class Form:
    """One form: its file ending and media type; `profile` of an e-invoice; whether it can be had in another language."""

    ending: str
    media_type: str
    profile: str = ""
    is_translated: bool = False


FORMS = {
    "pdf": Form("pdf", "application/pdf", is_translated=True),
    HYBRID: Form("pdf", "application/pdf", profile=HYBRID_PROFILE),
    "hybrid-xrechnung": Form("pdf", "application/pdf", profile="zugferd"),
    "html": Form("html", "text/html; charset=utf-8", is_translated=True),
    "csv": Form("csv", "text/csv; charset=utf-8"),
    "json": Form("json", "application/json"),
    "ubl": Form("ubl.xml", XML, profile="en16931-ubl"),
    "cii": Form("cii.xml", XML, profile="en16931-cii"),
    "factur-x": Form("factur-x.xml", XML, profile=HYBRID_PROFILE),
    "xrechnung": Form("xrechnung.xml", XML, profile="xrechnung"),
    "zugferd": Form("zugferd.xml", XML, profile="zugferd"),
    "peppol": Form("peppol.xml", XML, profile="peppol"),
    "pint-sg": Form("pint-sg.xml", XML, profile="pint-sg"),
}
"""Every form by the name that the console, the portal and the API give it."""
EINVOICE = "einvoice"
"""The e-invoice that the customer gets of a document, whatever its profile."""
_EINVOICE_KINDS = (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE)


@dataclass(frozen=True, slots=True)
class FormFile:
    """A document in one form."""

    name: str
    media_type: str
    content: bytes


def form_names(document: Document) -> list[str]:
    """The forms that documents of this kind have, e-invoices only where this document's customer gets one."""
    has_einvoice = document_files.has_einvoice(document)
    names = [name for name, form in FORMS.items() if not form.profile]
    return names + ([EINVOICE] if has_einvoice else [])


def is_hybrid(document: Document) -> bool:
    """Whether the document's own PDF has the e-invoice inside."""
    return document_files.has_einvoice(document) and document.bill_to.einvoice_profile in HYBRID_PROFILES


def offered_form(*, scope: Scope, number: str, form: str, now: datetime, language: str = "") -> FormFile:
    """As `document_form`, for customers: only what `form_names` lists. Raises NotOffered as well."""
    value = documents.document(scope=scope, number=number)
    if form not in form_names(value):
        raise NotOffered(f"document {number} has no form {form} for its customer")
    return _form_file(value, scope, form, now, language)


def document_form(*, scope: Scope, number: str, form: str, now: datetime, language: str = "") -> FormFile:
    """A document in one form. Raises DocumentNotFound, FormRefused, EinvoiceRefused, FileMissing."""
    return _form_file(documents.document(scope=scope, number=number), scope, form, now, language)


def checked_form(*, scope: Scope, number: str, form: str, now: datetime, language: str = "") -> FormFile:
    """As `document_form`; an e-invoice that is not the customer's own, so never passed the gate, is held against the rules first.

    Raises FormRefused where they are not imported or it does not meet them, and one of einvoice_check.HOLDS as well.
    """
    value = documents.document(scope=scope, number=number)
    name, found = _known(value, form)
    is_own = found.profile == value.bill_to.einvoice_profile
    if not found.profile or is_own or (name == HYBRID and is_hybrid(value)):
        # The customer's own was checked before the document got its number.
        return _form_file(value, scope, form, now, language)
    _see_rules(value, name, found.profile)
    made = _form_file(value, scope, form, now, language)
    xml = made.content if found.media_type == XML else embedded_einvoice(made.content)
    gate = einvoice_check.Gate()
    try:
        verdict = gate.check_again(xml or b"", found.profile)
    finally:
        gate.close()
    if verdict.failures:
        raise FormRefused(
            f"{number} does not meet the rules of {found.profile}, so no file was written: {in_words(verdict.failures)}"
        )
    return made


def _see_rules(document: Document, form: str, profile: str) -> None:
    """Raises FormRefused where the rules of a profile are not here."""
    usable = einvoice_readiness.imported_profiles()
    if profile in usable:
        return
    # A hybrid is checked with XRechnung's rules on top of EN 16931's own for CII.
    wanted = ("en16931-cii" if "xrechnung" in usable else "xrechnung") if profile == "zugferd" else profile
    raise FormRefused(
        f"the official rules of {wanted} are not imported, so {document.number} cannot be checked in the form {form} and no file "
        f"was written; run rackbill einvoice-rules import DIR --profile {wanted}, or take the form ubl or cii"
    )


def _form_file(value: Document, scope: Scope, form: str, now: datetime, language: str) -> FormFile:
    name, found = _known(value, form)
    if language and language != value.language:
        content = _translated(value, name, found, language)
        return FormFile(attachment_name(value, f"{language}.{found.ending}"), found.media_type, content)
    is_inside = bool(found.profile) and found.ending == "pdf"
    # The PDF of a customer who gets a hybrid has the e-invoice inside already.
    is_own = is_hybrid(value) and (name == HYBRID or found.profile == value.bill_to.einvoice_profile)
    if name == "pdf" or (is_inside and is_own):
        content = document_files.document_pdf(scope=scope, number=value.number, now=now)
    elif is_inside:
        brand = document_files.brand_of(value.sales_organisation_id)
        content = render_hybrid(value, xml=write_einvoice(value, found.profile), profile=found.profile, brand=brand)
    elif found.profile:
        content = _einvoice(value, found.profile)
    else:
        content = _WRITERS[name](value)
    return FormFile(attachment_name(value, found.ending), found.media_type, content)


def _known(document: Document, form: str) -> tuple[str, Form]:
    if form == EINVOICE:
        form = next((name for name, row in FORMS.items() if row.profile == document.bill_to.einvoice_profile and
                     row.media_type == XML), "")  # fmt: skip
        if not form:
            raise FormRefused(
                f"the customer of {document.number} gets no e-invoice of it; choose a profile at billing group "
                f"{document.bill_to.billing_group_id}, or name the form: {', '.join(FORMS)}"
            )
    if form not in FORMS:
        raise FormRefused(f"there is no form {form!r}; choose one of {', '.join(FORMS)}")
    if FORMS[form].profile and document.kind not in _EINVOICE_KINDS:
        raise FormRefused(
            f"a {document.kind.value.replace('_', ' ')} has no form {form}; invoices and credit notes alone are e-invoices. "
            "Take pdf, html, csv or json"
        )
    return form, FORMS[form]


def _translated(document: Document, name: str, form: Form, language: str) -> bytes:
    if not form.is_translated:
        raise FormRefused(f"the form {name} is for machines and has no language; take pdf or html")
    if language not in LANGUAGES:
        raise FormRefused(f"there are no words in {language!r}; choose one of {', '.join(LANGUAGES)}")
    brand = document_files.brand_of(document.sales_organisation_id)
    render = render_pdf if name == "pdf" else render_html
    return render(document, brand=brand, language=language)


def _einvoice(document: Document, profile: str) -> bytes:
    if profile == document.bill_to.einvoice_profile:
        return document_files.written_einvoice(document=document)
    return write_einvoice(document, profile)


def _html(document: Document) -> bytes:
    return render_html(document, brand=document_files.brand_of(document.sales_organisation_id))


_WRITERS: dict[str, Callable[[Document], bytes]] = {
    "html": _html, "csv": write_document_csv, "json": write_document_json,
}  # fmt: skip
