"""PDF/A-3 with the e-invoice inside (Factur-X, ZUGFeRD): one file for the person and the machine.

The typesetter attaches the XML; what it does not write is the Factur-X block of the metadata and the extension schema that
PDF/A wants for it. Both are put into the metadata packet in place: the rest of the file keeps its bytes, and only the
offsets behind the packet move (0.1 ms; a PDF library that reads and writes the file anew takes 15).
"""

import io
from dataclasses import dataclass

import pikepdf

from rackbill.core.document import Document, DocumentKind, document_from_canonical, document_hash
from rackbill.formats.brand import PLAIN, Brand
from rackbill.formats.document_pdf import typeset

_NAMESPACE = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_PACKET, _DESCRIPTION_END, _SCHEMAS = b"<?xpacket begin=", b"</rdf:Description>", b"<pdfaExtension:schemas><rdf:Bag>"
_ROW = 20
_PROPERTIES = (
    ("ConformanceLevel", "Conformance level of the attached e-invoice"),
    ("DocumentFileName", "File name of the attached e-invoice"),
    ("DocumentType", "Kind of the attached document, INVOICE"),
    ("Version", "Version of the standard that the attached e-invoice follows"),
)


class HybridRefused(ValueError):
    """This document has no PDF with an e-invoice inside; the message says why."""


@dataclass(frozen=True, slots=True)
class HybridProfile:
    """How a profile is named in the file: name of the attachment, conformance level, version of the standard."""

    file_name: str
    level: str
    version: str


HYBRID_PROFILES = {
    "factur-x": HybridProfile("factur-x.xml", "EN 16931", "1.0"),
    "zugferd": HybridProfile("xrechnung.xml", "XRECHNUNG", "3.0"),
}
"""By profile of the e-invoice. ZUGFeRD carries XRechnung's CII under its own file name and level, and names its version."""
_KINDS = (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE)


def render_hybrid(
    document: Document, *, xml: bytes, profile: str = "factur-x", brand: Brand = PLAIN, digest: str = ""
) -> bytes:
    """The PDF with `xml` (CII) attached as the alternative form of it. Raises HybridRefused.

    The same document and XML give the same bytes.
    """
    if document.kind not in _KINDS:
        raise HybridRefused(
            f"a {document.kind.value} is no e-invoice; invoices and credit notes have one, send its PDF"
        )
    found = HYBRID_PROFILES.get(profile)
    if found is None:
        raise HybridRefused(f"{profile!r} is not put into a PDF; {' and '.join(HYBRID_PROFILES)} are")
    content = typeset(
        document, brand=brand, digest=digest, attached=(found.file_name, xml, f"{found.level} {document.number}")
    )
    return _with_metadata(content, found)


def render_canonical(canonical: bytes, xml: bytes, brand: Brand = PLAIN) -> bytes:
    """The PDF with its customer's e-invoice inside, of a canonical form; for workers that know nothing but formats."""
    document = document_from_canonical(canonical)
    profile = document.bill_to.einvoice_profile
    return render_hybrid(document, xml=xml, profile=profile, brand=brand, digest=document_hash(canonical))


def embedded_einvoice(content: bytes) -> bytes | None:
    """The XML inside a hybrid PDF of any profile, byte for byte; None where it holds none."""
    with pikepdf.open(io.BytesIO(content)) as file:
        for profile in HYBRID_PROFILES.values():
            found = file.attachments.get(profile.file_name)
            if found is not None:
                return found.get_file().read_bytes()
    return None


def _with_metadata(content: bytes, profile: HybridProfile) -> bytes:
    """The file with the Factur-X block in its metadata packet, and its cross-reference table put right."""
    packet_at = content.rindex(_PACKET)
    packet_end = content.index(b"\nendstream", packet_at)
    object_at = content.rindex(b"\nendobj\n", 0, packet_at) + len(b"\nendobj\n")
    packet = content[packet_at:packet_end]
    changed = _added(packet, profile)
    head = content[object_at:packet_at].replace(b"/Length %d/" % len(packet), b"/Length %d/" % len(changed))
    if head == content[object_at:packet_at]:
        raise HybridRefused(
            "the typesetter wrote its metadata in another way than is known; pin the version that is locked"
        )
    body = content[:object_at] + head + changed + content[packet_end:]
    return _with_offsets(body, moved_from=object_at, by=len(body) - len(content))


def _added(packet: bytes, profile: HybridProfile) -> bytes:
    values = (profile.level, profile.file_name, "INVOICE", profile.version)
    block = "".join(f"<fx:{name}>{value}</fx:{name}>" for (name, _), value in zip(_PROPERTIES, values, strict=True))
    properties = "".join(
        f'<rdf:li rdf:parseType="Resource"><pdfaProperty:category>external</pdfaProperty:category>'
        f"<pdfaProperty:description>{text}</pdfaProperty:description><pdfaProperty:name>{name}</pdfaProperty:name>"
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType></rdf:li>"
        for name, text in _PROPERTIES
    )
    schema = (
        '<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>'
        f"<pdfaSchema:namespaceURI>{_NAMESPACE}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property></rdf:li>"
    )
    if packet.count(_SCHEMAS) != 1 or packet.count(_DESCRIPTION_END) != 1:
        raise HybridRefused(
            "the typesetter wrote its metadata in another way than is known; pin the version that is locked"
        )
    packet = packet.replace(_SCHEMAS, _SCHEMAS + schema.encode())
    description = f'<rdf:Description rdf:about="" xmlns:fx="{_NAMESPACE}">{block}</rdf:Description>'
    return packet.replace(_DESCRIPTION_END, _DESCRIPTION_END + description.encode())


def _with_offsets(content: bytes, *, moved_from: int, by: int) -> bytes:
    """The cross-reference table with every offset behind a place moved on (ISO 32000-1, 7.5.4: rows of 20 bytes)."""
    trailer_at = content.rindex(b"startxref\n")
    table_at = int(content[trailer_at:].split(b"\n", 2)[1]) + by
    rows_at = content.index(b"\n", content.index(b"\n", table_at) + 1) + 1
    end = content.index(b"trailer", rows_at)
    if content[table_at : table_at + 5] != b"xref\n" or (end - rows_at) % _ROW:
        raise HybridRefused(
            "the typesetter wrote another cross-reference table than is known; pin the version that is locked"
        )
    rows = bytearray(content[rows_at:end])
    for place in range(0, len(rows), _ROW):
        offset = int(rows[place : place + 10])
        if offset > moved_from and rows[place + 17 : place + 18] == b"n":
            rows[place : place + 10] = b"%010d" % (offset + by)
    tail = content[end:trailer_at] + b"startxref\n%d\n%%%%EOF" % table_at
    return content[:rows_at] + bytes(rows) + tail
