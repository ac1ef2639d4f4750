"""The part of the supergraph that no service has: `Query.node`, and the interface `Node`.

It is written from the services' schemas each time they are composed, so that every entity with the
key `id` is in it. Nobody serves it: the gateway asks the field that gives one object of the type
(`gateway/nodes.py`, decision 21).
"""

from collections.abc import Iterable, Iterator
from typing import Final

from graphql import ConstDirectiveNode, ObjectTypeDefinitionNode, parse, print_ast

NODE_SUBGRAPH: Final = "node"
_POLICY: Final = "https://goldenthread.example/specs/policy/v1.0"
_FEDERATION: Final = "https://specs.apollo.dev/federation/v2.9"
_LABELLED: Final = f"""
directive @category(is: String!, as: String! = "RAW") on FIELD_DEFINITION | OBJECT | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION

extend schema @composeDirective(name: "@category") @link(url: "{_POLICY}", import: ["@category"])
"""  # noqa: E501 - a directive's definition is one line everywhere
_NODE: Final = '''
"""What has an id of its own, and can be asked for by it (`Query.node`)."""
interface Node {
  """The id; with the name of the type, a colon before it, it is the global id."""
  id: ID!
}
'''
_ROOT: Final = '''
type Query%s {
  """
  One object by its global id, exactly as the field that gives one of its type would answer
  (`participant` for a `Participant`): null where there is none, where you may not see it, and
  where the id is no global id.
  """
  node(
    """Name of the type, a colon, and the object's `id`: `__typename` and `id` as you were given."""
    id: ID!
  ): Node
}
'''


def node_subgraph(documents: Iterable[str]) -> str:
    """Return the schema, for the entities of these schemas that can be asked for by `id`.

    Args:
        documents: SDL of the services.
    """
    entities = {one.name.value: one for each in documents for one in _entities(each)}
    is_labelled = any(_labels(one.directives) for one in entities.values())
    parts = [
        f'extend schema @link(url: "{_FEDERATION}", import: ["@composeDirective", "@key"])',
        _LABELLED if is_labelled else "",
        _NODE,
        _ROOT % (' @category(is: "STRUCTURE", as: "RAW")' if is_labelled else ""),
        *(_stub(entities[name]) for name in sorted(entities)),
    ]
    return "\n".join(parts)


def _entities(sdl: str) -> Iterator[ObjectTypeDefinitionNode]:
    for one in parse(sdl, no_location=True).definitions:
        if isinstance(one, ObjectTypeDefinitionNode) and any(map(_is_key, one.directives or ())):
            yield one


def _is_key(directive: ConstDirectiveNode) -> bool:
    given = {each.name.value: print_ast(each.value) for each in directive.arguments or ()}
    is_resolvable = given.get("resolvable", "true") == "true"
    return directive.name.value == "key" and given.get("fields") == '"id"' and is_resolvable


def _labels(directives: Iterable[ConstDirectiveNode] | None) -> str:
    return "".join(
        f" {print_ast(each)}" for each in directives or () if each.name.value == "category"
    )


def _stub(entity: ObjectTypeDefinitionNode) -> str:
    name, labels = entity.name.value, _labels(entity.directives)
    of_id = next(
        (_labels(each.directives) for each in entity.fields or () if each.name.value == "id"), ""
    )
    return (
        f'type {name} implements Node @key(fields: "id", resolvable: false){labels} '
        f"{{\n  id: ID!{of_id}\n}}\n"
    )
