"""What a PDF/A-3b and PDF/UA-1 file with an e-invoice inside must have, as far as a reader of its structure can tell.

No validator of PDF/A is among the packages; these checks are our own, with pikepdf. They say what is missing, in words.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pikepdf

FACTUR_X = "{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}"


def problems(content: bytes, *, language: str, title: str, attached: tuple[str, bytes, str] | None = None) -> list[str]:
    """What is wrong with a file; nothing when all is well. `attached` is (file name, XML, conformance level)."""
    with pikepdf.open(BytesIO(content)) as pdf:
        return [
            *_archive(pdf),
            *_metadata(pdf, title, attached),
            *_fonts(pdf),
            *_structure(pdf, language),
            *_attachment(pdf, attached),
        ]


def _archive(pdf: pikepdf.Pdf) -> Iterator[str]:
    root = pdf.Root
    intents = root.get("/OutputIntents", [])
    if len(intents) != 1 or intents[0].S != "/GTS_PDFA1" or "/DestOutputProfile" not in intents[0]:
        yield "no output intent with a colour profile"
    if pdf.is_encrypted:
        yield "encrypted"
    if len(pdf.trailer.get("/ID", [])) != 2:
        yield "no file ID"
    if "/JavaScript" in root.get("/Names", {}) or "/OpenAction" in root or "/AA" in root:
        yield "script or an action on opening"
    for obj in pdf.objects:
        if isinstance(obj, pikepdf.Dictionary | pikepdf.Stream) and obj.get("/S") in ("/JavaScript", "/Launch"):
            yield "script or a launch action"
        if isinstance(obj, pikepdf.Stream) and obj.get("/Filter") == "/LZWDecode":
            yield "a stream packed with LZW"


def _metadata(pdf: pikepdf.Pdf, title: str, attached: tuple[str, bytes, str] | None) -> Iterator[str]:
    if "/Filter" in pdf.Root.Metadata:
        yield "packed metadata"
    with pdf.open_metadata() as found:
        if (found.get("pdfaid:part"), found.get("pdfaid:conformance")) != ("3", "B"):
            yield "not marked as PDF/A-3b"
        if found.get("pdfuaid:part") != "1":
            yield "not marked as PDF/UA-1"
        if found.get("dc:title") != title:
            yield f"the title is {found.get('dc:title')!r}, not {title!r}"
        names = ("ConformanceLevel", "DocumentFileName", "DocumentType", "Version")
        values = {name: found.get(FACTUR_X + name) for name in names}
    packet = pdf.Root.Metadata.read_bytes().decode()
    if attached is None:
        if any(values.values()):
            yield "Factur-X metadata without an e-invoice"
        return
    if (values["DocumentFileName"], values["ConformanceLevel"], values["DocumentType"]) != (
        attached[0],
        attached[2],
        "INVOICE",
    ):
        yield f"the Factur-X metadata say {values}"
    schemas = packet[packet.index("<pdfaExtension:schemas>") : packet.index("</pdfaExtension:schemas>")]
    if "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#" not in schemas:
        yield "no extension schema for the Factur-X metadata"
    for name in names:
        if f"<pdfaProperty:name>{name}</pdfaProperty:name>" not in schemas:
            yield f"the extension schema does not declare {name}"


def _fonts(pdf: pikepdf.Pdf) -> Iterator[str]:
    count = 0
    for obj in pdf.objects:
        if not isinstance(obj, pikepdf.Dictionary):
            continue
        if obj.get("/Type") == "/FontDescriptor" and not {"/FontFile", "/FontFile2", "/FontFile3"} & set(obj.keys()):
            yield f"font {obj.get('/FontName')} is not embedded"
        if obj.get("/Type") == "/Font" and obj.get("/Subtype") == "/Type0":
            count += 1
            if "/ToUnicode" not in obj:
                yield f"font {obj.get('/BaseFont')} has no ToUnicode map"
    if not count:
        yield "no font at all"


def _elements(node: Any) -> Iterator[Any]:
    """The structure elements below a node, in the order of reading."""
    kids = node.get("/K", [])
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield kid
            yield from _elements(kid)


def _kids(element: Any) -> list[str]:
    return [str(kid.S) for kid in element.K if isinstance(kid, pikepdf.Dictionary) and "/S" in kid]


def _structure(pdf: pikepdf.Pdf, language: str) -> Iterator[str]:
    root = pdf.Root
    if str(root.get("/Lang", "")) != language:
        yield f"the language is {root.get('/Lang')!r}, not {language!r}"
    if not root.get("/MarkInfo", {}).get("/Marked") or "/StructTreeRoot" not in root:
        yield "not tagged"
        return
    if not root.get("/ViewerPreferences", {}).get("/DisplayDocTitle"):
        yield "the title is not shown in the window"
    for place, page in enumerate(pdf.pages, start=1):
        if page.get("/Tabs") != "/S" or "/StructParents" not in page:
            yield f"page {place} has no tab order by structure"
    elements = list(_elements(root.StructTreeRoot))
    kinds = [str(element.S) for element in elements]
    if kinds.count("/H1") != 1:
        yield f"{kinds.count('/H1')} headings of the first level"
    for element in elements:
        if element.S == "/Figure" and not str(element.get("/Alt", "")):
            yield "a picture without an alternative text"
        if element.S == "/Table" and "/THead" not in _kids(element):
            yield "a table without a heading row"
        if element.S == "/TR" and not set(_kids(element)) <= {"/TH", "/TD"}:
            yield "a row with other than cells"


def _attachment(pdf: pikepdf.Pdf, attached: tuple[str, bytes, str] | None) -> Iterator[str]:
    files = list(pdf.Root.get("/AF", []))
    if attached is None:
        if files or len(pdf.attachments):
            yield "a file is attached"
        return
    name, xml, _level = attached
    if (
        [str(one.F) for one in files] != [name]
        or [str(one.UF) for one in files] != [name]
        or list(pdf.attachments) != [name]
    ):
        yield f"the attached files are {[str(one.F) for one in files]}, not {name}"
        return
    if files[0].get("/AFRelationship") != "/Alternative":
        yield "the relationship of the attachment is not Alternative"
    stream = files[0].EF.F
    if stream.get("/Subtype") != "/text/xml" or "/ModDate" not in stream.get("/Params", {}):
        yield "the attachment has no media type or date"
    if stream.read_bytes() != xml:
        yield "the attached XML is not that on record"
