"""XML schemas of a folder of official rules: which of them are for invoices, what they include, and one ready for use.

A schema reads nothing but the files that were handed in with it: no disk, no network.
"""

import hashlib
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

_XSD = "{http://www.w3.org/2001/XMLSchema}"
_LOOKS_UP = frozenset({f"{_XSD}include", f"{_XSD}import", f"{_XSD}redefine"})
_HERE = "pack:/"


class SchemaRefused(ValueError):
    """Schemas that cannot be used; the message names the file and what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaFile:
    """The schema of one kind of document; `data` are the files that it includes or imports, with their SHA-256."""

    name: str
    root: str
    sha256: str
    data: tuple[tuple[str, str], ...] = ()


def recognised_schemas(files: Mapping[str, bytes], namespaces: Mapping[str, str]) -> list[SchemaFile]:
    """The schemas (path → bytes) that declare one of the documents (root → namespace). Raises SchemaRefused."""
    found: dict[str, SchemaFile] = {}
    for path in sorted(files):
        if not path.endswith(".xsd"):
            continue
        tree = _parsed(path, files)
        declared = {element.get("name") for element in tree.iterchildren(f"{_XSD}element")}
        for root, namespace in namespaces.items():
            if tree.get("targetNamespace") != namespace or root not in declared:
                continue
            one = _with_all_it_includes(path, root, files)
            other = found.setdefault(root, one)
            if other.sha256 != one.sha256:
                raise SchemaRefused(
                    f"{other.name} and {path} are both schemas of {root}; name the folder of one version"
                )
    return list(found.values())


def _with_all_it_includes(path: str, root: str, files: Mapping[str, bytes]) -> SchemaFile:
    seen, waiting = {path}, [path]
    while waiting:
        name = waiting.pop()
        for beside in _looked_up(name, files):
            if beside not in seen:
                seen.add(beside)
                waiting.append(beside)
    others = sorted(seen - {path})
    return SchemaFile(
        name=path, root=root, sha256=_digest(files[path]), data=tuple((name, _digest(files[name])) for name in others)
    )


def _looked_up(path: str, files: Mapping[str, bytes]) -> Iterator[str]:
    for element in _parsed(path, files).iterchildren(*_LOOKS_UP):
        location = element.get("schemaLocation")
        if not location:
            continue
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), location))
        if beside not in files:
            raise SchemaRefused(f"{path} includes {location}, which is not beside it; download the whole folder")
        yield beside


def _parsed(path: str, files: Mapping[str, bytes]) -> etree._Element:
    try:
        return etree.fromstring(files[path], _parser(files), base_url=f"{_HERE}{path}")
    except etree.XMLSyntaxError as fault:
        raise SchemaRefused(f"{path} is no XML ({fault}); download it again") from None


class _Files(etree.Resolver):
    """Finds a schema's other files among those that were handed in, and nowhere else."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def resolve(self, system_url: str, public_id: str, context: object) -> object:  # type: ignore[override]
        """The file's text for the parser. Raises SchemaRefused."""
        name = posixpath.normpath(system_url.removeprefix(_HERE))
        if name not in self._files:
            raise SchemaRefused(f"a schema looks for {system_url}, which was not imported with it")
        return self.resolve_string(self._files[name], context, base_url=f"{_HERE}{name}")


def _parser(files: Mapping[str, bytes]) -> etree.XMLParser:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    parser.resolvers.add(_Files(files))
    return parser


def compiled_schema(schema: SchemaFile, files: Mapping[str, bytes]) -> etree.XMLSchema:
    """The schema, ready to validate with. Raises SchemaRefused."""
    try:
        return etree.XMLSchema(_parsed(schema.name, files))
    except etree.XMLSchemaParseError as fault:
        raise SchemaRefused(f"{schema.name} is no schema that can be used: {fault}") from fault


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
