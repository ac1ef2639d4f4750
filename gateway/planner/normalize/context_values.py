"""Select on enclosing objects what fields below want filled in from them (`@fromContext`).

Source: https://specs.apollo.dev/context/v0.1.  The values are hidden fields of the nearest
enclosing object whose type sets the context; they come before its other fields, so that a plan
knows where they are when it comes to the fields that need them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from graphql import SelectionSetNode, print_ast

from gateway.planner.normalize.normalizer import Expander
from gateway.planner.selection import (
    NormalizedOperation,
    ObjectSelection,
    SelectedField,
    Selection,
    unused_key,
)
from gateway.supergraph import Supergraph
from gateway.supergraph.model import ContextArgument


def with_context_values(
    operation: NormalizedOperation, supergraph: Supergraph
) -> NormalizedOperation:
    """The operation with the hidden fields that contexts are read from."""
    if not supergraph.contexts:
        return operation
    wanted: dict[tuple[str, str], dict[str, ContextArgument]] = {}
    for seen in supergraph.types.values():
        for one in seen.fields.values():
            for argument in one.context:
                text = f"{argument.context} {print_ast(argument.selection)}"
                wanted.setdefault((seen.name, one.name), {})[text] = argument
    adder = _Adder(Expander(supergraph.full_schema).expand, supergraph, wanted)
    return replace(operation, root=adder.object(operation.root, ()))


@dataclass(slots=True)
class _Frame:
    """An enclosing object, and what is to be selected on it."""

    type_name: str
    needed: dict[str, SelectionSetNode] = field(default_factory=dict)


@dataclass(slots=True)
class _Adder:
    expand: Callable[[str, SelectionSetNode], ObjectSelection]
    supergraph: Supergraph
    wanted: dict[tuple[str, str], dict[str, ContextArgument]]

    def object(self, selection: ObjectSelection, around: tuple[_Frame, ...]) -> ObjectSelection:
        frame = _Frame(selection.type_name)
        fields = []
        for one in selection.fields:
            for argument in self.wanted.get((selection.type_name, one.name), {}).values():
                self._note(argument, around)
            if one.selection is not None:
                by_type = {
                    name: self.object(inner, (*around, frame))
                    for name, inner in one.selection.by_type.items()
                }
                one = replace(one, selection=Selection(by_type))  # noqa: PLW2901  rebuilt
            fields.append(one)
        hidden: list[SelectedField] = []
        for needed in frame.needed.values():
            used = {one.response_key for one in (*fields, *hidden)}
            for value in self.expand(selection.type_name, needed).fields:
                key = unused_key(value.name, used)
                used.add(key)
                hidden.append(_hidden(replace(value, response_key=key)))
        refused = tuple((at + len(hidden), one) for at, one in selection.refused)
        return replace(selection, fields=(*hidden, *fields), refused=refused)

    def _note(self, argument: ContextArgument, around: tuple[_Frame, ...]) -> None:
        types = self.supergraph.contexts[argument.context]
        for frame in reversed(around):
            if frame.type_name in types:
                frame.needed[print_ast(argument.selection)] = argument.selection
                return


def _hidden(value: SelectedField) -> SelectedField:
    if value.selection is None:
        return replace(value, hidden=True)
    by_type = {
        name: replace(one, fields=tuple(_hidden(inner) for inner in one.fields))
        for name, one in value.selection.by_type.items()
    }
    return replace(value, hidden=True, selection=Selection(by_type))
