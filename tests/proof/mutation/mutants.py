"""Small changes of a module: swapped comparisons, dropped checks, other constants."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE,
    ast.GtE: ast.Gt, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_OPERATIONS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.Mult: ast.Add,
}  # fmt: skip
_QUANTIFIERS = {"any": "all", "all": "any", "min": "max", "max": "min"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: a name that stays the same while its function does, and the changed module."""

    name: str
    line: int
    source: str
    place: int
    number: int

    @property
    def tree(self) -> ast.Module:
        """Return the changed module."""
        tree = ast.parse(self.source)
        _, node = list(_changeable(tree))[self.place]
        _apply(tree, node, self.number)
        return ast.fix_missing_locations(tree)


def mutants_of(source: str) -> list[Mutant]:
    """Return every change of a module that this knows, in order of place."""
    original = ast.parse(source)
    places = list(_changeable(original))
    found: list[Mutant] = []
    seen: dict[str, int] = {}
    for place, (scope, node) in enumerate(places):
        for number, what in enumerate(_changes(node)):
            text = ast.unparse(node).splitlines()[0][:60]
            name = f"{scope}: {what}: {text}"
            seen[name] = seen.get(name, 0) + 1
            if seen[name] > 1:
                name = f"{name} ({seen[name]})"
            found.append(Mutant(name, getattr(node, "lineno", 0), source, place, number))
    return found


def _changeable(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Yield what is executed: no annotations, decorators, docstrings, defaults of messages."""

    def walk(node: ast.AST, scope: str) -> Iterator[tuple[str, ast.AST]]:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            inner = f"{scope}.{node.name}".strip(".")
            for each in node.body:
                yield from walk(each, inner)
            return
        if isinstance(node, ast.AnnAssign):
            if node.value is not None and not _is_field(node.value):
                yield from walk(node.value, scope)
            return
        if isinstance(node, ast.Import | ast.ImportFrom):
            return
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return
        if scope:  # tables of a module are data, and have tests of their own
            yield scope, node
        for child in ast.iter_child_nodes(node):
            yield from walk(child, scope)

    for each in tree.body:
        yield from walk(each, "")


def _changes(node: ast.AST) -> list[str]:
    """Name what can be changed at a node."""
    return _changes_of_expression(node) or _changes_of_statement(node)


def _changes_of_expression(node: ast.AST) -> list[str]:
    match node:
        case ast.Compare(ops=ops):
            return [f"compare {i}" for i, op in enumerate(ops) if type(op) in _COMPARISONS]
        case ast.BoolOp(values=values):
            return ["and/or", *(f"without operand {i}" for i in range(len(values)))]
        case ast.UnaryOp(op=ast.Not()):
            return ["without not"]
        case ast.BinOp(op=op) if type(op) in _OPERATIONS:
            return ["operation"]
        case ast.comprehension(ifs=ifs):
            return [f"without filter {i}" for i in range(len(ifs))]
        case ast.Constant(value=bool()):
            return ["other bool"]
        case ast.Constant(value=int()):
            return ["one more"]
        case ast.Call(func=ast.Name(id=name)) if name in _QUANTIFIERS:
            return ["quantifier"]
    return []


def _changes_of_statement(node: ast.AST) -> list[str]:
    match node:
        case ast.While(test=ast.Constant()):
            return ["never"]
        case ast.If() | ast.While() | ast.IfExp():
            return ["always", "never"]
        case ast.Raise() | ast.Continue() | ast.Break() | ast.AugAssign():
            return ["left out"]
        case ast.Expr(value=ast.Call() | ast.Await()):
            return ["left out"]
        case ast.Return(value=value) if value is not None and not _is_none(value):
            return ["return None"]
    return []


def _is_field(node: ast.AST) -> bool:
    """Return whether this says how a dataclass prints and compares a field."""
    return isinstance(node, ast.Call) and ast.unparse(node.func) in ("field", "dataclasses.field")


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _apply(tree: ast.Module, node: ast.AST, number: int) -> None:
    """Make one of the changes named by ``_changes``, in place."""
    what = _changes(node)[number]
    which = int(what.rsplit(maxsplit=1)[1]) if what[-1].isdigit() else 0
    match node:
        case ast.Compare():
            node.ops[which] = _COMPARISONS[type(node.ops[which])]()
        case ast.BoolOp() if what == "and/or":
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        case ast.BoolOp():
            del node.values[which]
            if len(node.values) == 1:
                _replace(tree, node, node.values[0])
        case ast.UnaryOp():
            _replace(tree, node, node.operand)
        case ast.BinOp():
            node.op = _OPERATIONS[type(node.op)]()
        case ast.If() | ast.While() | ast.IfExp():
            node.test = ast.Constant(value=what == "always")
        case ast.comprehension():
            del node.ifs[which]
        case _:
            _apply_to_value(tree, node)


def _apply_to_value(tree: ast.Module, node: ast.AST) -> None:
    match node:
        case ast.Return():
            node.value = ast.Constant(value=None)
        case ast.Constant(value=bool() as value):
            node.value = not value
        case ast.Constant(value=int() as value):
            node.value = value + 1
        case ast.Call(func=ast.Name() as func):
            func.id = _QUANTIFIERS[func.id]
        case _:
            _replace(tree, node, ast.Pass())


def _replace(tree: ast.Module, node: ast.AST, by: ast.AST) -> None:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is node:
                setattr(parent, name, by)
                return
            if isinstance(value, list) and any(each is node for each in value):
                value[next(i for i, each in enumerate(value) if each is node)] = by
                return
