"""Put `@requires`, `@provides`, `@override`, `@inaccessible` and differing enums on a draft."""

from random import Random
from typing import TYPE_CHECKING

from tests.conformance.random_federation.model import LEAVES, Federation, Field, Subgraph

if TYPE_CHECKING:
    from tests.conformance.random_federation.generate import Draft

_ROOTS = ("Query", "Mutation")
_LITERALS = {
    "n": "5", "on": "false", "tone": "BLUE", "wish": "{ n: 9 }", "ids": '["q"]', "text": '"z"',
    "blob": "1",
}  # fmt: skip


def decorate(draft: "Draft") -> None:
    """Add directives, each where the rules of composition allow it."""
    random = draft.random
    for number in range(random.choices((0, 1, 2, 3, 4), (25, 25, 20, 15, 15))[0]):
        _require(draft, f"calc{number}")
    for _ in range(random.choices((0, 1, 2), (50, 30, 20))[0]):
        _provide(draft)
    for _ in range(random.choices((0, 1, 2), (60, 28, 12))[0]):
        _override(draft)


def _leaf_names(seen: dict[str, Field], subgraph: Subgraph) -> list[str]:
    return [
        name
        for name, one in seen.items()
        if (one.named in LEAVES or subgraph.types[one.named].kind in ("enum", "scalar"))
        and one.requires is None
    ]


def _entities(draft: "Draft") -> list[tuple[Subgraph, str]]:
    return [
        (one, name)
        for one in draft.federation.subgraphs
        for name, seen in one.types.items()
        if seen.kind == "object" and any(key.is_resolvable for key in seen.keys)
    ]


def _elsewhere(draft: "Draft", subgraph: Subgraph, type_name: str) -> list[tuple[Subgraph, Field]]:
    """Fields of a type that others resolve and this subgraph does not define."""
    mine = subgraph.types[type_name].fields
    return [
        (other, found)
        for other in draft.federation.owners(type_name)
        if other is not subgraph
        for found in other.types[type_name].fields.values()
        if found.name not in mine and not found.is_external and found.override is None
    ]


def _call(one: Field) -> str:
    """A field as a field set names it, with arguments sometimes needed."""
    if not one.arguments:
        return one.name
    given = ", ".join(f"{each.name}: {_LITERALS[each.name]}" for each in one.arguments)
    return f"{one.name}({given})"


def _below(draft: "Draft", subgraph: Subgraph, named: str, depth: int) -> str:
    """A sub-selection on a type as this subgraph defines it; "" if nothing can be selected."""
    seen = subgraph.types[named]
    if seen.kind == "object":
        leaves = _leaf_names(seen.fields, subgraph)
        parts = [_call(seen.fields[one]) for one in draft.some(leaves, 2)] if leaves else []
        if depth > 0 and draft.chance(0.3):
            parts += _deeper(draft, subgraph, seen.fields, depth)
        return " ".join(parts)
    parts = []
    if seen.fields and draft.chance(0.5):
        leaves = _leaf_names(seen.fields, subgraph)
        parts += [_call(seen.fields[one]) for one in draft.some(leaves, 2)] if leaves else []
    for member in draft.some(subgraph.possible_types(named), 2):
        inner = _below(draft, subgraph, member, 0)
        if inner and not parts:
            parts.append(f"... on {member} {{ {inner} }}")
    return " ".join(parts)


def _deeper(draft: "Draft", subgraph: Subgraph, fields: dict[str, Field], depth: int) -> list[str]:
    for one in fields.values():
        named = subgraph.types.get(one.named)
        if named is not None and named.kind == "object" and one.requires is None:
            inner = _below(draft, subgraph, one.named, depth - 1)
            if inner:
                return [f"{_call(one)} {{ {inner} }}"]
    return []


def _selected(draft: "Draft", subgraph: Subgraph, one: Field) -> str:
    """A field of elsewhere as a part of a field set of this subgraph; "" if it cannot be."""
    draft.need(subgraph, one.named)
    for argument in one.arguments:
        draft.need(subgraph, argument.type_text.strip("[]!"))
    seen = subgraph.types.get(one.named)
    if seen is None or seen.kind in ("enum", "scalar"):
        return _call(one)
    inner = _below(draft, subgraph, one.named, 1)
    return f"{_call(one)} {{ {inner} }}" if inner else ""


def _external(subgraph: Subgraph, type_name: str, one: Field) -> None:
    subgraph.types[type_name].fields[one.name] = Field(
        one.name, one.type_text, list(one.arguments), is_external=True
    )


def _require(draft: "Draft", name: str) -> None:
    random = draft.random
    places = _entities(draft)
    if not places:
        return
    subgraph, type_name = random.choice(places)
    others = {found.name: found for _, found in _elsewhere(draft, subgraph, type_name)}
    # What this subgraph has as external already may be required again.
    others |= {
        one.name: one
        for one in subgraph.types[type_name].fields.values()
        if one.is_external and one.provides is None
    }
    if not others:
        return
    parts: list[str] = []
    for each in draft.some(sorted(others), 2):
        if others[each].is_inaccessible:
            continue
        text = _selected(draft, subgraph, others[each])
        if text:
            parts.append(text)
            _external(subgraph, type_name, others[each])
    if not parts:
        return
    made = Field(name, random.choice(("Int", "String", "Boolean!", "[Int!]", "ID")))
    composites = [
        one.name
        for one in subgraph.types.values()
        if one.kind in ("object", "interface", "union") and one.name not in _ROOTS
    ]
    if draft.chance(0.25):
        made.type_text = random.choice(composites)
    made.requires = " ".join(parts)
    subgraph.types[type_name].fields[name] = made
    draft.planned[type_name].fields[name] = Field(name, made.type_text)


def _provide(draft: "Draft") -> None:
    random = draft.random
    places = [
        (one, type_name, found)
        for one in draft.federation.subgraphs
        for type_name, seen in one.types.items()
        if seen.kind == "object"
        for found in seen.fields.values()
        if found.named in one.types
        and one.types[found.named].kind in ("object", "interface", "union")
        and not (found.is_external or found.provides or found.override)
        and found.named not in ("Tag", "Sub")
    ]
    if not places:
        return
    subgraph, _, holder = random.choice(places)
    seen = subgraph.types[holder.named]
    if seen.kind == "object":
        holder.provides = _provided(draft, subgraph, holder.named) or None
        return
    parts = []
    for member in subgraph.possible_types(holder.named):
        inner = _provided(draft, subgraph, member)
        if inner:
            parts.append(f"... on {member} {{ {inner} }}")
    holder.provides = " ".join(parts) or None


def _provided(draft: "Draft", subgraph: Subgraph, type_name: str) -> str:
    if not subgraph.types[type_name].keys:
        return ""
    others = {
        found.name: found
        for _, found in _elsewhere(draft, subgraph, type_name)
        if found.requires is None and not found.arguments and not found.is_inaccessible
    }
    others |= {
        one.name: one
        for one in subgraph.types[type_name].fields.values()
        if one.is_external and not one.arguments
    }
    if not others:
        return ""
    parts = []
    for each in draft.some(sorted(others), 2):
        resolving = [
            found for _, found in draft.federation.fields(type_name, each) if not found.is_external
        ]
        if any(found.requires for found in resolving):
            continue
        text = _selected(draft, subgraph, others[each])
        if text and "(" not in text:
            parts.append(text)
            _external(subgraph, type_name, others[each])
    return " ".join(parts)


def _override(draft: "Draft") -> None:
    random = draft.random
    places = []
    for one, type_name in _entities(draft):
        for other, found in _elsewhere(draft, one, type_name):
            definitions = list(draft.federation.fields(type_name, found.name))
            is_key = any(found.name in key.fields for key in other.types[type_name].keys)
            is_used = is_key or is_in_field_set(Federation([other]), found.name)
            if len(definitions) == 1 and not (is_used or found.requires or found.provides):
                places.append((one, type_name, other, found))
    if not places:
        return
    one, type_name, other, found = random.choice(places)
    if type_name not in draft.planned or found.name not in draft.planned[type_name].fields:
        return
    draft.define(one, type_name, found.name).override = other.name


def settle(federation: Federation, random: Random) -> None:
    """Mark what is shared, hide some, let nullability differ; order matters."""
    for type_name in federation.type_names():
        if federation.kind(type_name) == "object":
            names = {n: None for one in federation.owners(type_name)
                     for n in one.types[type_name].fields}  # fmt: skip
            for name in names:
                _settle_field(federation, random, type_name, name)
    _hide(federation, random)
    for one in federation.subgraphs:
        enum = one.types.get("Color")
        if enum is not None and random.random() < 0.15:
            for other in federation.owners("Color"):
                other.types["Color"].hidden_values = ["GREY"]


def _settle_field(federation: Federation, random: Random, type_name: str, name: str) -> None:
    resolving = [
        (one, found)
        for one, found in federation.fields(type_name, name)
        if not federation.is_overridden(one.name, type_name, name)
    ]
    if len(resolving) < 2:
        return
    for _, found in resolving:
        found.is_shareable = not found.is_external
    plain = [
        found
        for one, found in resolving
        if not found.is_external and not is_in_interface(federation, type_name, name)
    ]
    used = is_in_field_set(federation, name)
    may_differ = len(plain) > 1 and not plain[0].type_text.endswith("!") and not used
    if may_differ and random.random() < 0.15:
        random.choice(plain).type_text += "!"


def is_in_interface(federation: Federation, type_name: str, name: str) -> bool:
    return any(
        name in other.types[interface].fields
        for one in federation.owners(type_name)
        for interface in one.types[type_name].implements
        for other in federation.owners(interface)
    )


def is_in_field_set(federation: Federation, name: str) -> bool:
    """Whether a key, requirement or promise anywhere speaks of a field of this name."""
    texts = []
    for one in federation.subgraphs:
        for seen in one.types.values():
            texts += [key.fields for key in seen.keys]
            for found in seen.fields.values():
                texts += [text for text in (found.requires, found.provides) if text]
    return any(
        name in text.replace("(", " ").replace("{", " ").replace("}", " ").split() for text in texts
    )


def _visible(federation: Federation, type_name: str) -> int:
    names = {name for one in federation.owners(type_name) for name in one.types[type_name].fields}
    return sum(
        not any(found.is_inaccessible for _, found in federation.fields(type_name, name))
        for name in names
    )


def _hide(federation: Federation, random: Random) -> None:
    for one in federation.subgraphs:
        for seen in one.types.values():
            if seen.kind != "object" or seen.name in _ROOTS:
                continue
            for found in seen.fields.values():
                if (
                    random.random() < 0.03
                    and not is_in_interface(federation, seen.name, found.name)
                    and _visible(federation, seen.name) > 2
                    and not found.is_external
                    and found.name != "id"
                ):
                    found.is_inaccessible = True
