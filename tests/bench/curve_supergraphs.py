"""Supergraphs of any size for `bench curves`, with operations and canned subgraph answers."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_HEAD = """schema @link(url: "https://specs.apollo.dev/link/v1.0")
@link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) { query: Query }
directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet,
  type: String, external: Boolean, override: String, usedOverridden: Boolean
) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__implements(graph: join__Graph!, interface: String!)
  repeatable on OBJECT | INTERFACE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false,
  resolvable: Boolean! = true, isInterfaceObject: Boolean! = false
) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
scalar join__FieldSet
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import])
  repeatable on SCHEMA
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
"""


_ENTITIES = re.compile(
    r"(?:(\w+):)?_entities\(representations:\$(\w+)\)\{\.\.\.on Thing\{(.*?\})\}"
)
_WORD = re.compile(r"\w+|[{}]")


@dataclass(frozen=True, slots=True)
class Shape:
    """A supergraph, an operation, and what its subgraphs answer."""

    sdl: str
    query: str
    answers: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]]


def _graphs(number: int) -> str:
    values = " ".join(
        f'S{n} @join__graph(name: "s{n}", url: "http://s{n}.test/")' for n in range(number)
    )
    return f"enum join__Graph {{ {values} }}\n"


def chain(subgraphs: int, *, width: int = 1, depth: int = 1) -> Shape:
    """A list of things; each subgraph knows a field of them, and the next thing is in the next.

    Args:
        width: things in the list.
        depth: levels of things below each other.
    """
    owners = " ".join(f'@join__type(graph: S{n}, key: "id")' for n in range(subgraphs))
    fields = " ".join(f"f{n}: String @join__field(graph: S{n})" for n in range(subgraphs))
    sdl = (
        f"{_HEAD}{_graphs(subgraphs)}type Query @join__type(graph: S0) {{ things: [Thing!] }}\n"
        f"type Thing {owners} {{ id: ID! {fields} even: Thing @join__field(graph: S0) "
        f"odd: Thing @join__field(graph: S1) }}"
    )
    leaves = "id " + " ".join(f"f{n}" for n in range(subgraphs))
    selection = leaves
    for level in range(depth - 1):
        selection = f"{leaves} {'even' if level % 2 else 'odd'} {{ {selection} }}"

    def answer(request: Mapping[str, Any]) -> dict[str, Any]:
        query = request["query"]
        given: dict[str, Any] = {}
        for alias, variable, selection in _ENTITIES.findall(query):
            wanted = _selected(iter(_WORD.findall(selection)))
            given[alias or "_entities"] = [
                {"__typename": "Thing", **_thing(wanted, each["id"])}
                for each in request["variables"][variable]
            ]
        if not given:
            wanted = _selected(iter(_WORD.findall(query[query.index("things{") + 7 :])))
            given["things"] = [_thing(wanted, str(number)) for number in range(width)]
        return given

    query = f"{{ things {{ {selection} }} }}"
    return Shape(sdl, query, {f"s{n}": answer for n in range(subgraphs)})


Wanted = dict[str, "Wanted | None"]


def _selected(words: Iterator[str]) -> Wanted:
    """Read a selection set up to its closing brace."""
    wanted: Wanted = {}
    last = ""
    for word in words:
        if word == "}":
            break
        if word == "{":
            wanted[last] = _selected(words)
        else:
            last = word
            wanted[word] = None
    return wanted


def _thing(wanted: Wanted, number: str) -> dict[str, Any]:
    """Return what is wanted of one thing; the one below it has a longer number."""
    given: dict[str, Any] = {}
    for name, inner in wanted.items():
        if inner is not None:
            given[name] = _thing(inner, f"{number}x")
        else:
            given[name] = number if name == "id" else f"value {number}"
    return given


def wide(types: int) -> str:
    """Return a supergraph of two subgraphs with many object types that refer to each other."""
    parts = [
        f'type T{n} @join__type(graph: S0, key: "id") @join__type(graph: S1, key: "id") '
        f"{{ id: ID! name: String @join__field(graph: S0) size: Int @join__field(graph: S1) "
        f"next: T{(n + 1) % types} @join__field(graph: S{n % 2}) }}"
        for n in range(types)
    ]
    fields = " ".join(f"t{n}: T{n}" for n in range(0, types, 10))
    query = f"type Query @join__type(graph: S0) {{ {fields} }}"
    return "\n".join([_HEAD, _graphs(2), query, *parts])
