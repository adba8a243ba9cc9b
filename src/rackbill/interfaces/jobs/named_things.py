"""What a text names, for every door: by all identifiers that were ever valid, and by the numbers of our documents."""

from rackbill.domain.documents import queries as documents
from rackbill.domain.identifiers import queries as identifiers
from rackbill.domain.identifiers.queries import Identity, Resolution
from rackbill.domain.kit.scope import Scope


def resolutions(*, scope: Scope, text: str, with_documents: bool = True) -> list[Resolution]:
    """Every thing of the scope that the text names, documents first; `with_documents` for who may see amounts."""
    found = identifiers.resolutions(scope=scope, text=text)
    named = documents.named_document(scope=scope, text=text) if with_documents else None
    if named is None:
        return found
    own = Identity("document", named.number, "", named.issued_on, None)
    is_exact = text.strip() == named.number
    return [Resolution(named.kind, named.number, named.customer_id, own, is_exact, (own,)), *found]
