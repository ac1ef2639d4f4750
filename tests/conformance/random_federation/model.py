"""A federation as plain data: subgraphs, their types and fields, and the directives on them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

LEAVES = ("Int", "String", "ID", "Boolean", "Float")


@dataclass(slots=True)
class Argument:
    """An argument or an input field; `default` is GraphQL text."""

    name: str
    type_text: str
    default: str | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.type_text}" + (f" = {self.default}" if self.default else "")


@dataclass(slots=True)
class Field:
    """A field of one type in one subgraph."""

    name: str
    type_text: str
    arguments: list[Argument] = field(default_factory=list)
    is_external: bool = False
    is_shareable: bool = False
    is_inaccessible: bool = False
    requires: str | None = None
    provides: str | None = None
    override: str | None = None

    @property
    def named(self) -> str:
        return named_type(self.type_text)


@dataclass(slots=True)
class Key:
    """One `@key` of a type in one subgraph."""

    fields: str
    is_resolvable: bool = True


@dataclass(slots=True)
class TypeDef:
    """A type in one subgraph; `kind` is object, interface, union, enum, input or scalar."""

    name: str
    kind: str
    keys: list[Key] = field(default_factory=list)
    fields: dict[str, Field] = field(default_factory=dict)
    implements: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    inputs: list[Argument] = field(default_factory=list)
    hidden_values: list[str] = field(default_factory=list)
    is_interface_object: bool = False

    @property
    def is_abstract(self) -> bool:
        return self.kind in ("interface", "union")


@dataclass(slots=True)
class Subgraph:
    """One subgraph."""

    name: str
    types: dict[str, TypeDef] = field(default_factory=dict)

    def possible_types(self, name: str) -> list[str]:
        """Object types that a value of this type can have here."""
        found = self.types[name]
        if found.kind == "union":
            return list(found.members)
        if found.kind == "interface":
            return [one.name for one in self.types.values() if name in one.implements]
        return [name]


@dataclass(slots=True)
class Federation:
    """Subgraphs that compose."""

    subgraphs: list[Subgraph]

    def subgraph(self, name: str) -> Subgraph:
        return next(one for one in self.subgraphs if one.name == name)

    def owners(self, type_name: str) -> list[Subgraph]:
        """Subgraphs that define a type."""
        return [one for one in self.subgraphs if type_name in one.types]

    def type_names(self) -> list[str]:
        return list({name: None for one in self.subgraphs for name in one.types})

    def kind(self, type_name: str) -> str:
        kinds = [one.types[type_name].kind for one in self.owners(type_name)]
        return "interface" if "interface" in kinds else kinds[0]

    def fields(self, type_name: str, field_name: str) -> Iterator[tuple[Subgraph, Field]]:
        """Every definition of a field."""
        for one in self.owners(type_name):
            found = one.types[type_name].fields.get(field_name)
            if found is not None:
                yield one, found

    def possible_types(self, name: str) -> list[str]:
        """Object types of a type in the supergraph."""
        found: dict[str, None] = {}
        for one in self.owners(name):
            if one.types[name].is_interface_object:
                continue
            found.update(dict.fromkeys(one.possible_types(name)))
        return list(found)

    def is_overridden(self, subgraph: str, type_name: str, field_name: str) -> bool:
        """Whether another subgraph took a field over from this one."""
        return any(found.override == subgraph for _, found in self.fields(type_name, field_name))


def named_type(type_text: str) -> str:
    return re.sub(r"[\[\]!]", "", type_text)


def nullable_merge(texts: list[str]) -> str:
    """The type that admits all of these, which differ in nullability only."""
    if any(not text.endswith("!") for text in texts):
        bare = [text.removesuffix("!") for text in texts]
        if bare[0].startswith("["):
            return "[" + nullable_merge([text[1:-1] for text in bare]) + "]"
        return bare[0]
    return nullable_merge([text[:-1] + "" for text in texts]) + "!"
