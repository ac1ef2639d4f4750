"""A world for a random federation: values that every subgraph that resolves them accepts."""

import json
from collections.abc import Mapping
from random import Random
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo

from tests.conformance.random_federation.generate import COLORS
from tests.conformance.random_federation.model import LEAVES, Federation, Field
from tests.conformance.random_federation.satisfiable import runtime_types
from tests.conformance.world import World

_INSTANCES = 3


class FieldFaultError(GraphQLError):
    """A field that fails in this world, in whichever schema it is resolved."""


class RandomWorld(World):
    """Objects by reference; fields with arguments answer by a hash of what they are given.

    Attributes:
        faults: (reference, field) that fail.
        effects: fields of `Mutation` in the order in which they were run.
    """

    def __init__(
        self, objects: Mapping[str, dict[str, Any]], faults: frozenset[tuple[str, str]]
    ) -> None:
        super().__init__(objects)
        self.faults = faults
        self.effects: list[str] = []

    def root_value(
        self, root: str, info: GraphQLResolveInfo[Any], arguments: Mapping[str, Any]
    ) -> Any:
        if root == "Mutation":
            given = json.dumps(arguments, sort_keys=True, default=str)
            self.effects.append(f"{info.field_name}({given})")
        return super().root_value(root, info, arguments)

    def value(self, holder: Mapping[str, Any], name: str, arguments: Mapping[str, Any]) -> Any:
        if self.faults and (holder.get("_reference"), name) in self.faults:
            message = f"{name} fails here"
            raise FieldFaultError(message)
        found = holder[name]
        if isinstance(found, Choices):
            given = json.dumps(arguments, sort_keys=True, default=str)
            return found.pick(f"{holder.get('_reference')}.{name}({given})")
        return found


class Choices:
    """Several values of one field, chosen by its arguments."""

    def __init__(self, values: list[Any]) -> None:
        self.values = values

    def pick(self, key: str) -> Any:
        return self.values[Random(key).randrange(len(self.values))]


def make_world(federation: Federation, seed: int, *, has_faults: bool) -> RandomWorld:
    """The world of a federation and a seed."""
    random = Random(f"world/{seed}")
    names = [name for name in federation.type_names() if federation.kind(name) == "object"]
    objects: dict[str, dict[str, Any]] = {
        f"{name}/{number}": {}
        for name in names
        if name not in ("Query", "Mutation")
        for number in range(_INSTANCES)
    }
    for root in ("Query", "Mutation"):
        if federation.owners(root):
            objects[root] = {}
    faults: set[tuple[str, str]] = set()
    used = _used_names(federation)
    # A requirement may be fetched together with what the client selects beside it; a field of that
    # which must not be null would take the requirement along, which one schema knows nothing of.
    must_be_nullable = _has_requirements(federation)
    for reference, holder in objects.items():
        type_name, _, number = reference.partition("/")
        holder["_reference"] = reference
        for name, found in _merged_fields(federation, type_name).items():
            holder[name] = _value(federation, random, type_name, found, number)
            texts = {each.type_text for _, each in federation.fields(type_name, name)}
            is_fit = len(texts) == 1 and not (must_be_nullable and "!" in found.type_text)
            if has_faults and name not in used and is_fit and random.random() < 0.04:
                faults.add((reference, name))
    return RandomWorld(objects, frozenset(faults))


def _has_requirements(federation: Federation) -> bool:
    return any(
        each.requires is not None
        for one in federation.subgraphs
        for seen in one.types.values()
        for each in seen.fields.values()
    )


def _used_names(federation: Federation) -> set[str]:
    """Names in keys, requirements and promises: their loss is felt elsewhere too."""
    text = " ".join(
        part
        for one in federation.subgraphs
        for seen in one.types.values()
        for part in (
            *(key.fields for key in seen.keys),
            *(each.requires or "" for each in seen.fields.values()),
            *(each.provides or "" for each in seen.fields.values()),
        )
    )
    for sign in "{}()":
        text = text.replace(sign, " ")
    return set(text.split())


def _merged_fields(federation: Federation, type_name: str) -> dict[str, Field]:
    found: dict[str, Field] = {}
    for one in federation.owners(type_name):
        for name, each in one.types[type_name].fields.items():
            known = found.get(name)
            # The strictest of several nullabilities, so that all subgraphs can answer it.
            if known is None or len(each.type_text) > len(known.type_text):
                found[name] = each
    return found


def _value(
    federation: Federation, random: Random, type_name: str, found: Field, number: str
) -> Any:
    if found.name in ("id", "code", "org", "num", "codes", "tag", "tags", "x", "y", "z", "sub"):
        key = _key_value(type_name, found, number)
        if key is not None:
            return key
    possible = runtime_types(federation, type_name, found.name) or []

    def one() -> Any:
        return _typed(random, found.type_text, possible)

    if found.arguments:
        return Choices([one() for _ in range(4)])
    return one()


def _key_value(type_name: str, found: Field, number: str) -> Any:
    """Key fields tell the objects of a type apart."""
    own = f"{type_name.lower()}-{number}"
    if found.named == "Tag":
        return f"Tag/{number}" if found.name == "tag" else [f"Tag/{number}", "Tag/0"]
    if found.named == "Sub":
        return f"Sub/{number}"
    if found.named == "Int":
        return 100 + int(number)
    if found.name == "codes":
        return [own, "all"]
    return f"{found.name}-{own}"


def _typed(random: Random, text: str, possible: list[str]) -> Any:
    if text.endswith("!"):
        text = text[:-1]
    elif random.random() < 0.12:
        return None
    if text.startswith("["):
        return [_typed(random, text[1:-1], possible) for _ in range(random.choice((0, 1, 2, 2, 3)))]
    if possible:
        return f"{random.choice(possible)}/{random.randrange(_INSTANCES)}"
    if text in LEAVES:
        return _leaf(random, text)
    if text == "Color":
        return random.choice(COLORS)
    return random.choice(({"any": [1, None, "x"]}, 5, "blob", [1, {"a": True}], False))


def _leaf(random: Random, text: str) -> Any:
    if text == "Int":
        return random.randint(-5, 99)
    if text == "Float":
        return random.randint(0, 40) / 4
    if text == "Boolean":
        return random.random() < 0.5
    return random.choice(("u", "v", "w", "", "é", "7"))
