"""The supergraph of a federation in the join specification v0.3, as composers write it.

Only for what the generator makes; the committed corpus shows that real composers say the same.
"""

from typing import Any

from graphql import InlineFragmentNode

from tests.conformance.random_federation.emit_subgraphs import arguments_sdl
from tests.conformance.random_federation.model import (
    Federation,
    Field,
    Subgraph,
    TypeDef,
    nullable_merge,
)
from tests.conformance.random_federation.satisfiable import selections

_HEAD = """schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY)
{
  query: Query
  MUTATION
}

directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ENUM | ENUM_VALUE | SCALAR | INPUT_OBJECT | INPUT_FIELD_DEFINITION | ARGUMENT_DEFINITION
scalar join__FieldSet
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
"""  # noqa: E501


def supergraph_sdl(federation: Federation) -> str:
    """The supergraph as text."""
    has_mutation = bool(federation.owners("Mutation"))
    head = _HEAD.replace("MUTATION\n", "mutation: Mutation\n" if has_mutation else "\n", 1)
    graphs = " ".join(
        f'{_graph(one)} @join__graph(name: "{one.name}", url: "http://{one.name}.test/graphql")'
        for one in federation.subgraphs
    )
    parts = [head, f"enum join__Graph {{ {graphs} }}"]
    parts += [_type(federation, name) for name in federation.type_names()]
    return "\n\n".join(parts) + "\n"


def _graph(one: Subgraph) -> str:
    return one.name.upper()


def _type(federation: Federation, name: str) -> str:
    kind = federation.kind(name)
    owners = federation.owners(name)
    joins = "".join(_join_type(one, one.types[name]) for one in owners)
    if name == "Query":
        joins = "".join(f" @join__type(graph: {_graph(one)})" for one in federation.subgraphs)
    if kind == "scalar":
        return f"scalar {name}{joins}"
    if kind == "union":
        members = list({each: None for one in owners for each in one.types[name].members})
        for one in owners:
            for each in one.types[name].members:
                joins += f' @join__unionMember(graph: {_graph(one)}, member: "{each}")'
        return f"union {name}{joins} = " + " | ".join(members)
    if kind == "enum":
        return f"enum {name}{joins} {{ {_enum_values(owners, name)} }}"
    if kind == "input":
        return f"input {name}{joins} {{ {_inputs(owners, name)} }}"
    return _composite(federation, name, kind, joins)


def _join_type(one: Subgraph, seen: TypeDef) -> str:
    is_object = ", isInterfaceObject: true" if seen.is_interface_object else ""
    if not seen.keys:
        return f" @join__type(graph: {_graph(one)}{is_object})"
    return "".join(
        f' @join__type(graph: {_graph(one)}, key: "{key.fields}"'
        + ("" if key.is_resolvable else ", resolvable: false")
        + f"{is_object})"
        for key in seen.keys
    )


def _enum_values(owners: list[Subgraph], name: str) -> str:
    values = list({value: None for one in owners for value in one.types[name].values})
    parts = []
    for value in values:
        text = value
        for one in owners:
            if value in one.types[name].values:
                text += f" @join__enumValue(graph: {_graph(one)})"
        if any(value in one.types[name].hidden_values for one in owners):
            text += " @inaccessible"
        parts.append(text)
    return " ".join(parts)


def _inputs(owners: list[Subgraph], name: str) -> str:
    """Only what all subgraphs know (input types are intersected)."""
    first = owners[0].types[name].inputs
    names = [{one.name for one in other.types[name].inputs} for other in owners]
    return " ".join(str(one) for one in first if all(one.name in each for each in names))


def _composite(federation: Federation, name: str, kind: str, joins: str) -> str:
    owners = federation.owners(name)
    implemented = list({each: None for one in owners for each in one.types[name].implements})
    for one in owners:
        for each in one.types[name].implements:
            joins += f' @join__implements(graph: {_graph(one)}, interface: "{each}")'
    head = "type" if kind == "object" else "interface"
    inherits = " implements " + " & ".join(implemented) if implemented else ""
    names = list({each: None for one in owners for each in one.types[name].fields})
    lines = [f"  {_field(federation, name, each)}\n" for each in names]
    return f"{head} {name}{inherits}{joins} {{\n" + "".join(lines) + "}"


def _field(federation: Federation, type_name: str, name: str) -> str:
    definitions = list(federation.fields(type_name, name))
    texts = [found.type_text for _, found in definitions]
    merged = nullable_merge(texts)
    first = definitions[0][1]
    text = f"{name}{arguments_sdl(first.arguments)}: {merged}"
    if any(found.is_inaccessible for _, found in definitions):
        text += " @inaccessible"
    owners = federation.subgraphs if type_name == "Query" else federation.owners(type_name)
    if len(definitions) == len(owners) and all(
        _is_plain(found) and found.type_text == merged for _, found in definitions
    ):
        return text
    for one, found in definitions:
        joined = _join_field(federation, type_name, one, found, merged)
        text += f" {joined}" if joined else ""
    return text


def _is_plain(found: Field) -> bool:
    return not (found.is_external or found.requires or found.provides or found.override)


def _join_field(
    federation: Federation, type_name: str, one: Subgraph, found: Field, merged: str
) -> str:
    arguments = [f"graph: {_graph(one)}"]
    if found.type_text != merged:
        arguments.append(f'type: "{found.type_text}"')
    if found.is_external:
        arguments.append("external: true")
    for name in ("override", "requires", "provides"):
        value = getattr(found, name)
        if value is not None:
            escaped = value.replace('"', '\\"')
            arguments.append(f'{name}: "{escaped}"')
    if federation.is_overridden(one.name, type_name, found.name):
        if not _is_used(one, type_name, found.name):
            return ""
        arguments.append("usedOverridden: true")
    return f"@join__field({', '.join(arguments)})"


def _is_used(one: Subgraph, type_name: str, field_name: str) -> bool:
    """Whether a subgraph needs a field that was taken over from it for something else."""
    return _is_selected(one, type_name, field_name) or any(
        field_name in one.types[interface].fields for interface in one.types[type_name].implements
    )


def _is_selected(one: Subgraph, type_name: str, field_name: str) -> bool:
    """Whether a key, requirement or promise in a subgraph selects a field of a type."""
    for seen in one.types.values():
        for key in seen.keys:
            if _selects(one, seen.name, selections(key.fields), type_name, field_name):
                return True
        for found in seen.fields.values():
            places = ((found.requires, seen.name), (found.provides, found.named))
            for text, place in places:
                if text and _selects(one, place, selections(text), type_name, field_name):
                    return True
    return False


def _selects(one: Subgraph, place: str, wanted: Any, type_name: str, field_name: str) -> bool:
    for node in wanted:
        if isinstance(node, InlineFragmentNode):
            below = node.type_condition.name.value if node.type_condition else place
        else:
            if (place, node.name.value) == (type_name, field_name):
                return True
            found = one.types[place].fields.get(node.name.value)
            below = found.named if found is not None else ""
        inner = node.selection_set
        if inner is not None and _selects(one, below, inner.selections, type_name, field_name):
            return True
    return False
