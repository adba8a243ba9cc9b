"""YAML nodes → plain values for a struct, forgiving in spelling and precise in what it refuses: key, line, what belongs there.

Every scalar is read as text, so that 129.95 is never a binary fraction and `on:` is a key and no truth value.
"""

import difflib
import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import yaml
from msgspec import inspect


class ScenarioRefused(ValueError):
    """The file is not a scenario; the message names the place and what belongs there."""


class Place:
    """Where the parts of the file stand, by path: `story[3].set_price` → "story[3].set_price, line 42"."""

    def __init__(self) -> None:
        self._lines: dict[str, int] = {}

    def note(self, path: str, node: yaml.Node) -> None:
        """Keeps the line of a part."""
        self._lines.setdefault(path, node.start_mark.line + 1)

    def of(self, path: str) -> str:
        """The path with its line, or with that of the part it lies in."""
        outer = path
        while outer and outer not in self._lines:
            outer = outer.rpartition(".")[0]
        return f"{path or 'the file'}, line {self._lines.get(outer, 1)}"


def read_tree(content: bytes, struct: type) -> tuple[Any, Place]:
    """The file as lists, mappings and texts fit for the struct. Raises ScenarioRefused."""
    try:
        node = yaml.compose(content.decode("utf-8-sig"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError:
        raise ScenarioRefused("the file is not UTF-8; write it anew in UTF-8") from None
    except yaml.YAMLError as fault:
        raise ScenarioRefused(f"the file is not YAML: {' '.join(str(fault).split())}") from None
    if node is None:
        raise ScenarioRefused("the file is empty; a scenario begins with `title:`")
    place = Place()
    return _Reader(place).value(node, inspect.type_info(struct), ""), place


def _is_blank(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.style is None and node.value in ("", "~", "null")


class _Reader:
    def __init__(self, place: Place) -> None:
        self._place = place

    def value(self, node: yaml.Node, kind: inspect.Type, path: str) -> Any:
        self._place.note(path, node)
        if isinstance(kind, inspect.UnionType):
            return self._one_of(node, kind, path)
        if isinstance(kind, inspect.StructType):
            return self._struct(node, kind, path)
        if isinstance(kind, inspect.ListType):
            return self._list(node, kind, path)
        if isinstance(kind, inspect.DictType):
            return self._mapping(node, kind, path)
        return self._scalar(node, [kind], path)

    def _one_of(self, node: yaml.Node, kind: inspect.UnionType, path: str) -> Any:
        options = [t for t in kind.types if not isinstance(t, inspect.NoneType)]
        for option in options:
            if isinstance(option, (inspect.StructType, inspect.DictType)):
                if len(options) == 1 or isinstance(node, yaml.MappingNode):
                    return self.value(node, option, path)
            elif isinstance(option, inspect.ListType):
                return self.value(node, option, path)
        if _is_blank(node) and len(options) < len(kind.types):
            return None
        return self._scalar(node, [t for t in options if not isinstance(t, inspect.StructType)], path)

    def _struct(self, node: yaml.Node, kind: inspect.StructType, path: str) -> dict[str, Any]:
        known = {field.encode_name: field for field in kind.fields}
        if _is_blank(node):
            pairs: list[tuple[yaml.Node, yaml.Node]] = []
        elif isinstance(node, yaml.MappingNode):
            pairs = node.value
        else:
            raise self._refused(path, f"{_shown(node)} stands where a block with keys belongs: {', '.join(known)}")
        found: dict[str, Any] = {}
        for key_node, value_node in pairs:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
            inner = f"{path}.{key}" if path else key
            self._place.note(inner, key_node)
            if key not in known:
                raise self._refused(inner, _unknown(key, list(known)))
            if key in found:
                line = key_node.start_mark.line + 1
                raise ScenarioRefused(f"{inner}, line {line}: {key!r} stands here a second time; keep one of the two")
            if _is_blank(value_node):
                self._refuse_beside(pairs, known, key, path)
            # A key without a value is as good as left out, save where the value is a block of its own: `pro_forma:`.
            if not _is_blank(value_node) or _is_block(known[key].type):
                found[key] = self.value(value_node, known[key].type, inner)
        missing = [name for name, field in known.items() if field.required and name not in found]
        if missing:
            raise self._refused(path, f"{missing[0]!r} is missing; {_what(known[missing[0]].type)} belongs there")
        return found

    def _refuse_beside(
        self, pairs: list[tuple[yaml.Node, yaml.Node]], known: dict[str, inspect.Field], block: str, path: str
    ) -> None:
        """Keys of an empty block that stand beside it instead of in it: a slip of the indent."""
        inner = {field.encode_name for struct in _blocks(known[block].type) for field in struct.fields} - set(known)
        for key_node, _value in pairs:
            if isinstance(key_node, yaml.ScalarNode) and key_node.value in inner:
                key = key_node.value
                self._place.note(f"{path}.{key}", key_node)
                raise self._refused(
                    f"{path}.{key}", f"{key!r} stands beside {block!r} but belongs in it; indent it below {block!r}"
                )

    def _list(self, node: yaml.Node, kind: inspect.ListType, path: str) -> list[Any]:
        if _is_blank(node):
            return []
        # One thing may stand without a dash.
        items = node.value if isinstance(node, yaml.SequenceNode) else [node]
        return [self.value(item, kind.item_type, f"{path}[{n}]") for n, item in enumerate(items)]

    def _mapping(self, node: yaml.Node, kind: inspect.DictType, path: str) -> dict[str, Any]:
        if not isinstance(node, yaml.MappingNode):
            raise self._refused(path, f"{_shown(node)} stands where keys with values belong, such as `EUR: 10.00`")
        return {key.value: self.value(item, kind.value_type, f"{path}.{key.value}") for key, item in node.value}

    def _scalar(self, node: yaml.Node, kinds: list[inspect.Type], path: str) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            raise self._refused(path, f"{_shown(node)} stands where {_what(kinds[0])} belongs")
        text = node.value.strip()
        for kind in kinds:
            spelled = _SPELLINGS.get(type(kind))
            value = spelled(text, path) if spelled else text
            if isinstance(kind, inspect.LiteralType):
                value = next((v for v in kind.values if str(v).lower() == text.lower()), None)
            if value is not None:
                return value
        belongs = " or ".join(_what(kind) for kind in reversed(kinds))
        raise self._refused(path, f"{text!r} is not understood; {belongs} belongs there")

    def _refused(self, path: str, text: str) -> ScenarioRefused:
        return ScenarioRefused(f"{self._place.of(path)}: {text}")


def _shown(node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode):
        return repr(node.value)
    return "a list" if isinstance(node, yaml.SequenceNode) else "a block with keys"


def _blocks(kind: inspect.Type) -> list[inspect.StructType]:
    options = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    return [option for option in options if isinstance(option, inspect.StructType)]


def _is_block(kind: inspect.Type) -> bool:
    return bool(_blocks(kind))


def _unknown(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{key!r} is no key here; {hint}the keys are {', '.join(known)}"


def _what(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.UnionType):
        return _what(next(t for t in kind.types if not isinstance(t, inspect.NoneType)))
    if isinstance(kind, inspect.LiteralType):
        return f"one of {', '.join(str(value) for value in kind.values)}"
    if isinstance(kind, inspect.StructType):
        return f"a block with keys ({', '.join(field.encode_name for field in kind.fields)})"
    return _WORDS.get(type(kind), "a value")


_WORDS: dict[type, str] = {
    inspect.DateType: "a day such as 2020-10-31",
    inspect.DateTimeType: "a day such as 2020-10-31, with a time if need be (2020-10-31 14:30)",
    inspect.DecimalType: "a number such as 129.95",
    inspect.IntType: "a whole number such as 12",
    inspect.BoolType: "true or false",
    inspect.StrType: "a text",
    inspect.ListType: "a list",
    inspect.DictType: "keys with values",
}

_MONTHS = {name: n for n, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)}
_DAYS = (
    re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})"),
    re.compile(r"(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})"),
    re.compile(r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})"),
    re.compile(r"(?P<d>\d{1,2})\.? (?P<m>[A-Za-z]{3,9})\.? (?P<y>\d{4})"),
    re.compile(r"(?P<m>[A-Za-z]{3,9}) (?P<d>\d{1,2}), ?(?P<y>\d{4})"),
)


def spelled_day(text: str, path: str = "") -> date | None:
    """A day as 2020-10-31, 2020/10/31, 31.10.2020, 31 October 2020; a month as 2020-10 where `month` is asked. Else None.

    10/31/2020 is not understood: elsewhere it would be another day.
    """
    if path.endswith("month") and re.fullmatch(r"\d{4}-\d{1,2}", text):
        text += "-01"
    for pattern in _DAYS:
        match = pattern.fullmatch(text)
        if match:
            month = match["m"]
            number = int(month) if month.isdigit() else _MONTHS.get(month[:3].lower(), 0)
            try:
                return date(int(match["y"]), number, int(match["d"]))
            except ValueError:
                return None
    return None


def _instant(text: str, _path: str) -> datetime | None:
    whole = spelled_day(text)
    if whole is not None:
        return datetime.combine(whole, time())
    day, _blank, clock = text.replace("T", " ", 1).rpartition(" ")
    found = spelled_day(day.strip())
    if found is None:
        return None
    try:
        return datetime.fromisoformat(f"{found.isoformat()}T{clock.zfill(5)}")
    except ValueError:
        return None


def spelled_number(text: str, path: str = "") -> Decimal | None:
    """A number as 129.95, 129,95, 1,234.50, 1 234.50 or 1'234.50; percents may carry their sign. Else None."""
    text = text.replace("\N{MINUS SIGN}", "-")
    if path.endswith(("percent", "]")):
        text = text.removesuffix("%").strip()
    if re.fullmatch(r"[+-]?\d{1,3}(?:[,_ '\N{NO-BREAK SPACE}]\d{3})+(?:\.\d+)?", text):
        text = re.sub(r"[,_ '\N{NO-BREAK SPACE}]", "", text)
    elif re.fullmatch(r"[+-]?\d+,\d+", text):
        text = text.replace(",", ".")
    return Decimal(text) if re.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)", text) else None


def _integer(text: str, _path: str) -> int | None:
    return int(text) if re.fullmatch(r"-?\d+", text) else None


def _truth(text: str, _path: str) -> bool | None:
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    return words.get(text.lower())


_SPELLINGS: dict[type, Callable[[str, str], Any]] = {
    inspect.DateType: spelled_day,
    inspect.DateTimeType: _instant,
    inspect.DecimalType: spelled_number,
    inspect.IntType: _integer,
    inspect.BoolType: _truth,
}
