"""Random valid operations: aliases, fragments, variables, conditions, several in one document.

Response keys are remembered by response path, so that nothing is selected that could not be merged
(GraphQL specification 5.3.2); the same field is selected again on purpose, with another part below.
"""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_list_type,
    is_non_null_type,
)

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One document with the operation to run."""

    source: str
    operation_name: str | None
    variables: dict[str, Any]


@dataclass(slots=True)
class Writer:
    """Writes one document."""

    random: Random
    schema: GraphQLSchema
    variables: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)
    budget: int = 60
    _meanings: dict[Path, list[tuple[str, str, str]]] = field(default_factory=dict)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def selection_set(self, parent: Any, path: Path, depth: int) -> str:
        count = self.random.choices((1, 2, 3, 4, 5), (20, 30, 25, 15, 10))[0]
        parts = [self._selection(parent, path, depth) for _ in range(count)]
        return "{ " + " ".join(parts) + " }"

    def _selection(self, parent: Any, path: Path, depth: int) -> str:
        self.budget -= 1
        kind = self.random.random()
        if kind < 0.08:
            return self._typename(path)
        if kind < (0.5 if is_abstract_type(parent) else 0.22) and depth > 0 and self.budget > 0:
            return self._fragment(parent, path, depth)
        names = list(getattr(parent, "fields", {}))
        if depth <= 0 or self.budget <= 0:
            names = [n for n in names if not is_composite_type(_named(parent, n))]
        if not names:
            if is_abstract_type(parent) and self.budget > 0 and depth > 0:
                return self._fragment(parent, path, depth)
            return self._typename(path)
        return self._field(parent, self.random.choice(names), path, depth)

    def _typename(self, path: Path) -> str:
        alias = self.random.choice(("", "", "", "kind", "__kind", "id", "name"))
        key = alias or "__typename"
        meaning = ("__typename", "__typename", "String!")
        if any(one[1:] != meaning[1:] for one in self._meanings.get((*path, key), ())):
            alias, key = "", "__typename"
        self._meanings.setdefault((*path, key), []).append(meaning)
        return f"{alias + ': ' if alias else ''}__typename{self._condition()}"

    def _fragment(self, parent: Any, path: Path, depth: int) -> str:
        if self.chance(0.15):
            inner = self.selection_set(parent, path, depth - 1)
            return f"...{self._condition()} {inner}"
        narrowed = self.random.choice(self._overlapping(parent))
        inner = self.selection_set(self.schema.get_type(narrowed), path, depth - 1)
        if self.chance(0.35):
            name = f"F{len(self.fragments)}"
            self.fragments.append(f"fragment {name} on {narrowed} {inner}")
            spread = f"...{name}{self._condition()}"
            return f"{spread} ...{name}{self._condition()}" if self.chance(0.15) else spread
        return f"... on {narrowed}{self._condition()} {inner}"

    def _overlapping(self, parent: Any) -> list[str]:
        mine = self._possible(parent)
        return [
            name
            for name, named in sorted(self.schema.type_map.items())
            if is_composite_type(named)
            and not name.startswith("__")
            and mine & self._possible(named)
        ]

    def _possible(self, named: Any) -> set[str]:
        if is_abstract_type(named):
            return {one.name for one in self.schema.get_possible_types(named)}
        return {named.name}

    def _field(self, parent: Any, name: str, path: Path, depth: int) -> str:
        definition = parent.fields[name]
        aliases = ("", "", "", "", "id", "name", "x", "code", "calc0", "tag", f"_gt_{name}", "org")
        alias = self.random.choice(aliases)
        arguments = self._arguments(definition)
        shape = str(definition.type)
        key = self._free_key(alias or name, path, (parent.name, f"{name}{arguments}", shape))
        text = name if key == name else f"{key}: {name}"
        text += arguments + self._condition()
        named = get_named_type(definition.type)
        if is_composite_type(named):
            text += " " + self.selection_set(named, (*path, key), depth - 1)
        return text

    def _free_key(self, wanted: str, path: Path, meaning: tuple[str, str, str]) -> str:
        """The wanted response key, or another that means nothing else at this path."""
        key, number = wanted, 0
        while not self._fits((*path, key), meaning):
            number += 1
            key = f"{wanted}{number}"
        self._meanings.setdefault((*path, key), []).append(meaning)
        return key

    def _fits(self, path: Path, meaning: tuple[str, str, str]) -> bool:
        parent, what, shape = meaning
        for other, other_what, other_shape in self._meanings.get(path, ()):
            if self._differ(shape, other_shape):
                return False
            are_apart = parent != other and not any(
                is_abstract_type(self.schema.get_type(one))
                for one in (parent, other)
                if one != "__typename"
            )
            if other_what != what and ("__typename" in (parent, other) or not are_apart):
                return False
        return True

    def _differ(self, one: str, other: str) -> bool:
        if one == other:
            return False
        bare = [text.strip("[]!") for text in (one, other)]
        kinds = [is_composite_type(self.schema.get_type(text)) for text in bare]
        return not all(kinds) or one.replace(bare[0], "") != other.replace(bare[1], "")

    def _condition(self) -> str:
        if not self.chance(0.22):
            return ""
        text = ""
        for name in self.random.sample(("include", "skip"), 2)[: 1 + self.chance(0.2)]:
            text += f" @{name}(if: {self._boolean()})"
        return text

    def _boolean(self) -> str:
        if self.chance(0.2):
            return self.random.choice(("true", "false"))
        name = self.random.choice(("yes", "no", "maybe"))
        if name not in self.variables:
            self.variables[name] = {
                "yes": "Boolean!", "no": "Boolean!", "maybe": "Boolean! = true",
            }[name]  # fmt: skip
            if name != "maybe":
                self.values[name] = self.chance(0.6) if name == "yes" else self.chance(0.4)
        return f"${name}"

    def _arguments(self, definition: Any) -> str:
        given = []
        for name, argument in definition.args.items():
            has_default = argument.default_value is not None or not is_non_null_type(argument.type)
            if has_default and self.chance(0.4):
                continue
            given.append(f"{name}: {self._input(argument.type, 2, may_be_variable=True)}")
        return f"({', '.join(given)})" if given else ""

    def _input(self, wanted: Any, depth: int, *, may_be_variable: bool) -> str:
        if may_be_variable and self.chance(0.35):
            return self._variable(wanted)
        if is_non_null_type(wanted):
            wanted = wanted.of_type
        elif self.chance(0.1):
            return "null"
        if is_list_type(wanted):
            if self.chance(0.15):
                return self._input(GraphQLNonNull(get_named_type(wanted)), 0, may_be_variable=False)
            count = self.random.randint(0, 2)
            inner = wanted.of_type
            return (
                "["
                + ", ".join(
                    self._input(inner, depth - 1, may_be_variable=may_be_variable)
                    for _ in range(count)
                )
                + "]"
            )
        if isinstance(wanted, GraphQLInputObjectType):
            parts = [
                f"{name}: {self._input(one.type, depth - 1, may_be_variable=may_be_variable)}"
                for name, one in wanted.fields.items()
                if self.chance(0.5) and (depth > 0 or not _is_input_object(one.type))
            ]
            return "{" + ", ".join(parts) + "}"
        if isinstance(wanted, GraphQLEnumType):
            values: list[str] = list(wanted.values)
            return self.random.choice(values)
        texts: dict[str, str] = {
            "Int": str(self.random.randint(-3, 9)),
            "Boolean": self.random.choice(("true", "false")),
            "Float": "1.5",
            "ID": self.random.choice(('"i"', "7")),
            "String": self.random.choice(('"s"', '"q\\"\\n$x {"')),
        }
        return texts.get(wanted.name, self.random.choice(("3", '"b"', "[1]", "{k: 2}")))

    def _variable(self, wanted: Any) -> str:
        name = f"v{len(self.variables)}"
        text = str(wanted)
        if self.chance(0.3) and not text.endswith("!"):
            text += "!"
        if self.chance(0.3):
            bare = wanted.of_type if is_non_null_type(wanted) else wanted
            default = self._input(GraphQLNonNull(bare), 1, may_be_variable=False)
            self.variables[name] = f"{text.removesuffix('!')} = {default}"
            if is_non_null_type(wanted):
                self.variables[name] = f"{text} = {default}"
            if self.chance(0.5):
                self.values[name] = self._json(wanted, 2)
        else:
            self.variables[name] = text
            if text.endswith("!") or self.chance(0.7):
                bare = wanted if is_non_null_type(wanted) else GraphQLNonNull(wanted)
                self.values[name] = self._json(bare if text.endswith("!") else wanted, 2)
        return f"${name}"

    def _json(self, wanted: Any, depth: int) -> Any:
        if is_non_null_type(wanted):
            wanted = wanted.of_type
        elif self.chance(0.15):
            return None
        if is_list_type(wanted):
            return [self._json(wanted.of_type, depth - 1) for _ in range(self.random.randint(0, 2))]
        if isinstance(wanted, GraphQLInputObjectType):
            return {
                name: self._json(one.type, depth - 1)
                for name, one in wanted.fields.items()
                if self.chance(0.5) and (depth > 0 or not _is_input_object(one.type))
            }
        if isinstance(wanted, GraphQLEnumType):
            return self.random.choice(list(wanted.values))
        return {
            "Int": self.random.randint(-3, 9),
            "Boolean": self.chance(0.5),
            "Float": 2.5,
            "ID": self.random.choice(("j", 8)),
            "String": "t",
        }.get(wanted.name, self.random.choice((4, "c", [2], {"k": 1})))


def _named(parent: Any, name: str) -> Any:
    return get_named_type(parent.fields[name].type)


def _is_input_object(wanted: Any) -> bool:
    return isinstance(get_named_type(wanted), GraphQLInputObjectType)


def random_request(schema: GraphQLSchema, random: Random) -> Request:
    """A document on a schema; now and then with a second operation beside it."""
    is_mutation = schema.mutation_type is not None and random.random() < 0.3
    body, writer = _operation(schema, random, is_mutation=is_mutation)
    kind = "mutation" if is_mutation else "query"
    declared = ", ".join(f"${name}: {text}" for name, text in writer.variables.items())
    head = f"({declared})" if declared else ""
    is_shared = random.random() < 0.12
    name = "Main" if is_shared or random.random() < 0.3 else None
    source = f"{kind} {name or ''}{head} {body}"
    if is_shared:
        other, other_writer = _operation(schema, random, is_mutation=False, fragments=False)
        declared = ", ".join(f"${name}: {text}" for name, text in other_writer.variables.items())
        other = f"query Other{f'({declared})' if declared else ''} {other}"
        source = f"{other}\n{source}" if random.random() < 0.7 else f"{source}\n{other}"
    source = "\n".join([source, *writer.fragments])
    return Request(source, name if is_shared else None, writer.values)


def _operation(
    schema: GraphQLSchema, random: Random, *, is_mutation: bool, fragments: bool = True
) -> tuple[str, Writer]:
    writer = Writer(random, schema, budget=random.choice((12, 30, 60)))
    root = schema.mutation_type if is_mutation else schema.query_type
    body = writer.selection_set(root, (), random.choice((2, 3, 4, 5)))
    if not fragments and writer.fragments:
        return "{ __typename }", Writer(random, schema)
    return body, writer
