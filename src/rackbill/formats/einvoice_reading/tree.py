"""Walking an e-invoice's XML by local names: one element, a text that must be there, all of a name."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from rackbill.core.money import exact_minor_from_decimal
from rackbill.core.periods import Period

_DAY = timedelta(days=1)


class Unreadable(ValueError):
    """A file is no e-invoice that can be read; the message says where it is broken."""


class Node:
    """An element of the tree, or none; paths are local names with a slash between them."""

    __slots__ = ("_element",)

    def __init__(self, element: Any) -> None:
        self._element = element

    @property
    def is_there(self) -> bool:
        """Whether there is such an element."""
        return self._element is not None

    def one(self, path: str) -> "Node":
        """The first element at a path; a node of nothing where there is none."""
        element = self._element
        for name in path.split("/"):
            if element is None:
                break
            element = next((child for child in element if _local(child) == name), None)
        return Node(element)

    def all(self, name: str) -> Iterator["Node"]:
        """Every child of a name."""
        if self._element is not None:
            yield from (Node(child) for child in self._element if _local(child) == name)

    def text(self, path: str = "") -> str:
        """The text at a path; an empty one where there is no element."""
        element = self.one(path)._element if path else self._element
        return (element.text or "") if element is not None else ""

    def must(self, path: str) -> str:
        """The text at a path. Raises Unreadable where there is none."""
        found = self.text(path)
        if not found:
            raise Unreadable(f"{_local(self._element) if self.is_there else 'the invoice'} has no {path}")
        return found

    def attribute(self, name: str) -> str:
        """The value of an attribute, or an empty text."""
        return str(self._element.get(name, "")) if self._element is not None else ""

    def number(self, path: str) -> Decimal:
        """The number at a path. Raises Unreadable."""
        return _decimal(self.must(path), path)

    def minor(self, path: str, currency: str) -> int:
        """The amount at a path in whole minor units; 0 where there is none. Raises Unreadable for a finer one."""
        found = self.text(path)
        if not found:
            return 0
        try:
            return exact_minor_from_decimal(_decimal(found, path), currency)
        except ValueError as error:
            raise Unreadable(f"{path}: {error}") from error


def _local(element: Any) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _decimal(text: str, path: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise Unreadable(f"{path} is no number: {text!r}") from error


def day(text: str) -> date:
    """A date written as 2020-10-01 or 20201001. Raises Unreadable."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Unreadable(f"{text!r} is no date") from error


def period(first: str, last: str) -> Period:
    """A period of its first and last day, both included."""
    return Period(day(first), day(last) + _DAY)
