"""Leave out what `@authenticated`, `@requiresScopes` and `@policy` of a supergraph refuse.

The mode is *filter*: a refused field is never fetched and answers null, with one error for each
field of the operation; the rest is answered.  A rule on a type holds for each field that returns
the type and for each field of it; a rule on what `@requires` of a field reads holds for the field
too, so that nobody reads through a resolver what may not be read directly.

These directives can only narrow: they say nothing about the consent of a person.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from graphql import get_named_type

from gateway.planner.selection import (
    ALWAYS,
    Conditions,
    NormalizedOperation,
    ObjectSelection,
    SelectedField,
    Selection,
    both_of,
)
from gateway.policy.roles import Refusal
from gateway.supergraph import Supergraph
from gateway.supergraph.authorization import AccessRule, Alternatives


@dataclass(frozen=True, slots=True)
class Entitlements:
    """What is known of a caller.

    Attributes:
        scopes: of the access token.
        policies: names that were decided to hold.
    """

    is_authenticated: bool
    scopes: frozenset[str] = frozenset()
    policies: frozenset[str] = frozenset()

    def satisfy(self, rule: AccessRule) -> bool:
        """Whether the caller has what a rule asks for."""
        return (
            self.is_authenticated
            and _has_one(rule.scopes, self.scopes)
            and _has_one(rule.policies, self.policies)
        )


def satisfied_rules(supergraph: Supergraph, entitlements: Entitlements) -> frozenset[str]:
    """Coordinates whose rules a caller satisfies: all of a caller that a plan depends on."""
    return frozenset(
        coordinate
        for coordinate, rule in supergraph.access_rules.items()
        if entitlements.satisfy(rule)
    )


def leave_out_refused(
    operation: NormalizedOperation, supergraph: Supergraph, satisfied: frozenset[str]
) -> tuple[NormalizedOperation, tuple[Refusal, ...]]:
    """The operation as the caller may run it, and what is left out of it."""
    if satisfied >= supergraph.access_rules.keys():
        return operation, ()
    refusing = _Pass(supergraph, satisfied)
    root = refusing.object(operation.root, (), ALWAYS)
    return replace(operation, root=root), tuple(refusing.refusals)


class _Pass:
    def __init__(self, supergraph: Supergraph, satisfied: frozenset[str]) -> None:
        self._supergraph = supergraph
        self._refused = supergraph.access_rules.keys() - satisfied
        self.refusals: list[Refusal] = []

    def object(
        self, wanted: ObjectSelection, path: tuple[str, ...], conditions: Conditions
    ) -> ObjectSelection:
        fields: list[SelectedField] = []
        refused: list[tuple[int, SelectedField]] = []
        before = list(wanted.refused)
        for number, field in enumerate(wanted.fields):
            refused += [(len(fields), one) for at, one in before if at == number]
            here = (*path, field.response_key)
            both = both_of(conditions, field.conditions)
            if self._is_refused(field):
                coordinate = f"{field.parent_type}.{field.name}"
                self.refusals.append(Refusal(coordinate, here, both, field.locations, field.places))
                refused.append((len(fields), field))
                continue
            fields.append(self._inside(field, here, both))
        refused += [(len(fields), one) for at, one in before if at >= len(wanted.fields)]
        return replace(wanted, fields=tuple(fields), refused=tuple(refused))

    def _inside(
        self, field: SelectedField, here: tuple[str, ...], conditions: Conditions
    ) -> SelectedField:
        if field.selection is None:
            return field
        by_type = {
            name: self.object(one, here, conditions)
            for name, one in field.selection.by_type.items()
        }
        return replace(field, selection=Selection(by_type))

    def _is_refused(self, field: SelectedField) -> bool:
        if field.hidden or field.name.startswith("__"):
            return False  # the gateway reads it to decide whose data it is, and shows it to nobody
        read = self._supergraph.requires(field.parent_type, field.name)
        coordinates = [(field.parent_type, field.name), *read]
        return any(name in self._refused for one in coordinates for name in self._names(*one))

    def _names(self, type_name: str, field_name: str) -> Iterable[str]:
        """All coordinates whose rules hold for a field."""
        schema = self._supergraph.full_schema
        definition: Any = schema.get_type(type_name)
        yield type_name
        yield f"{type_name}.{field_name}"
        for interface in getattr(definition, "interfaces", ()):
            yield f"{interface.name}.{field_name}"
        yield get_named_type(definition.fields[field_name].type).name


def _has_one(alternatives: Alternatives, held: frozenset[str]) -> bool:
    return not alternatives or any(one <= held for one in alternatives)
