"""Mutants of a module: its source with one small fault each, as somebody tired might type it."""

import ast
import copy
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

COMPARE: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}  # fmt: skip
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}
Change = Callable[[ast.AST], ast.AST]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: where it is, what stood there, what stands there now, and how the whole source with it is written."""

    function: str
    line: int
    before: str
    after: str
    write: Callable[[], str]

    @property
    def source(self) -> str:
        """The whole source with the fault; written only when somebody wants it, for that takes longer than finding all faults."""
        return self.write()

    @property
    def name(self) -> str:
        """The fault without its line number, so that a note on it outlives edits elsewhere in the file."""
        return f"{self.function}: {self.before} → {self.after}"


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a source, in the order of its text. Words for people (docstrings, refusals) and types are left alone."""
    tree = ast.parse(source)
    for number, (node, parent, function) in enumerate(_places(tree, "module")):
        for change in _changes(node):
            fault = change(node)
            # A number by itself says little; the expression around it does.
            is_small = isinstance(node, ast.Constant) and not isinstance(parent, ast.FunctionDef | ast.ClassDef)
            before, after = (parent, _with_other_child(parent, node, fault)) if is_small else (node, fault)
            yield Mutant(
                function, getattr(node, "lineno", 0), ast.unparse(before), ast.unparse(after),
                partial(_written, tree, number, change),
            )  # fmt: skip


def _written(tree: ast.Module, number: int, change: Change) -> str:
    """The source of a tree with one change, at the place of that number."""
    mutated = copy.deepcopy(tree)
    twin, parent, _function = next(itertools.islice(_places(mutated, "module"), number, None))
    fault = change(twin)
    for field, value in vars(_with_other_child(parent, twin, fault)).items():
        setattr(parent, field, value)
    ast.fix_missing_locations(mutated)
    return ast.unparse(mutated)


def _with_other_child(parent: ast.AST, old: ast.AST, new: ast.AST) -> ast.AST:
    twin = copy.copy(parent)
    for field, value in ast.iter_fields(parent):
        if value is old:
            setattr(twin, field, new)
        elif isinstance(value, list):
            setattr(twin, field, [new if item is old else item for item in value])
    return twin


def _places(tree: ast.AST, function: str) -> Iterator[tuple[ast.AST, ast.AST, str]]:
    """(node, its parent, its function) of every place where a fault may be put."""
    for field, child in _children(tree):
        if isinstance(tree, ast.Raise) or field in ("annotation", "returns", "decorator_list", "bases"):
            continue
        if isinstance(child, ast.Import | ast.ImportFrom) or _is_words(child):
            continue
        inside = function
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            inside = child.name if function == "module" else f"{function}.{child.name}"
        yield child, tree, inside
        yield from _places(child, inside)


def _children(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for field, value in ast.iter_fields(node):
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, ast.AST):
                yield field, item


def _is_words(node: ast.AST) -> bool:
    """A docstring, a list of exported names, a type alias."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(node, ast.AnnAssign) and "TypeAlias" in ast.unparse(node.annotation):
        return True
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return (
            node.targets[0].id == "__all__" or isinstance(node.value, ast.Subscript) or "TypeVar" in ast.unparse(node)
        )
    return False


def _changes(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            for other in COMPARE[type(operator)]:
                yield _with_operator(place, other())
    elif isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        yield _with(op=ARITHMETIC[type(node.op)]())
    elif isinstance(node, ast.AugAssign) and type(node.op) in ARITHMETIC:
        yield _with(op=ARITHMETIC[type(node.op)]())
        yield lambda _node: ast.Pass()
    elif isinstance(node, ast.BoolOp):
        yield _with(op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        for place in range(len(node.values)):
            yield _without_value(place)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield lambda n: n.operand  # type: ignore[attr-defined]
    elif isinstance(node, ast.Constant):
        yield from _constants(node.value)
    elif isinstance(node, ast.If | ast.While | ast.IfExp) and not isinstance(
        node.test, ast.Compare | ast.BoolOp | ast.UnaryOp
    ):
        yield _with_negated_test
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
        yield _with(func=ast.Name(CALLS[node.func.id], ast.Load()))
    elif isinstance(node, ast.Continue):
        yield lambda _node: ast.Break()
    elif isinstance(node, ast.Break):
        yield lambda _node: ast.Continue()
    elif isinstance(node, ast.Delete) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        yield lambda _node: ast.Pass()
    elif isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield _with(value=ast.Constant(None))


def _constants(value: object) -> Iterator[Change]:
    if isinstance(value, bool):
        yield lambda _node: ast.Constant(not value)
    elif isinstance(value, int):
        yield lambda _node: ast.Constant(value + 1)
    elif isinstance(value, str) and value:
        yield lambda _node: ast.Constant(f"{value}?")


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _with(**values: object) -> Change:
    def change(node: ast.AST) -> ast.AST:
        twin = copy.copy(node)
        for name, value in values.items():
            setattr(twin, name, value)
        return twin

    return change


def _with_operator(place: int, operator: ast.cmpop) -> Change:
    def change(node: ast.AST) -> ast.AST:
        assert isinstance(node, ast.Compare)
        return ast.Compare(
            node.left, [operator if n == place else op for n, op in enumerate(node.ops)], node.comparators
        )

    return change


def _without_value(place: int) -> Change:
    def change(node: ast.AST) -> ast.AST:
        assert isinstance(node, ast.BoolOp)
        values = [value for n, value in enumerate(node.values) if n != place]
        return ast.BoolOp(node.op, values) if len(values) > 1 else values[0]

    return change


def _with_negated_test(node: ast.AST) -> ast.AST:
    twin = copy.copy(node)
    twin.test = ast.UnaryOp(ast.Not(), node.test)  # type: ignore[attr-defined]
    return twin
