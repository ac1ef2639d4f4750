"""Small supergraphs for policy tests: one subgraph, written as plain SDL with our labels."""

import re

from gateway.supergraph import Supergraph, load_supergraph

_PREAMBLE = """
schema @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) { query: Query%s }
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @category(is: String!, as: String! = "RAW") repeatable on FIELD_DEFINITION | OBJECT | ARGUMENT_DEFINITION | INTERFACE
directive @about(participant: String!) repeatable on OBJECT
scalar join__FieldSet
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
enum join__Graph { A @join__graph(name: "a", url: "http://a") }
"""  # noqa: E501 - the join specification's own definitions


def labelled_supergraph(sdl: str) -> Supergraph:
    """Return a supergraph of one subgraph; every type gets its ``@join__type``."""
    head = r"^(type \w+(?: implements \w+)?)"
    typed = re.sub(head, r"\1 @join__type(graph: A)", sdl, flags=re.MULTILINE)
    mutation = " mutation: Mutation" if "type Mutation" in sdl else ""
    stream = " subscription: Subscription" if "type Subscription" in sdl else ""
    return load_supergraph(_PREAMBLE % (mutation + stream) + typed)
