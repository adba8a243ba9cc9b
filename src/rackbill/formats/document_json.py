"""A document ↔ JSON: its canonical form, which is the stored truth and carries everything, in every schema.

`rackbill verify` proves the file; nothing is added to it and nothing left out.
"""

from rackbill.core.document import Document, InvalidDocument, canonical_bytes, document_from_canonical


def write_document_json(document: Document) -> bytes:
    """The canonical form in the document's own schema, UTF-8."""
    return canonical_bytes(document)


def read_document_json(content: bytes) -> Document:
    """The value back. Raises InvalidDocument for what is no canonical form to the byte."""
    try:
        document = document_from_canonical(content)
    except InvalidDocument:
        raise
    except (ValueError, ArithmeticError, LookupError, AttributeError, TypeError) as fault:
        raise InvalidDocument(f"the file is no document of Rackbill: {fault}") from None
    if canonical_bytes(document) != content:
        raise InvalidDocument(f"document {document.number or '(draft)'} is not in its canonical form; it was altered")
    return document
