"""Random federations: first one schema, then who of the subgraphs owns which part of it.

Everything follows from the seed.  What comes out composes: `satisfiable` sorts out the rest.
"""

from dataclasses import dataclass, field
from random import Random

from tests.conformance.random_federation.decorate import decorate, settle
from tests.conformance.random_federation.model import (
    LEAVES,
    Argument,
    Federation,
    Field,
    Key,
    Subgraph,
    TypeDef,
)
from tests.conformance.random_federation.satisfiable import is_satisfiable

ENTITIES = ("Ant", "Bee", "Cat", "Dog")
VALUES = ("Box", "Cup", "Dot")
INTERFACES = ("Named", "Sized")
UNIONS = ("Mix", "Pick")
LEAF_NAMES = ("name", "size", "note", "rank", "mark", "tone")
LINK_NAMES = ("owner", "part", "peer", "item", "kin")
COLORS = ("RED", "GREEN", "BLUE", "GREY")
MAX_TRIES = 60


@dataclass(slots=True)
class Planned:
    """A type of the whole: its fields, and for entities the keys that subgraphs choose from."""

    kind: str
    fields: dict[str, Field] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    key_fields: dict[str, Field] = field(default_factory=dict)
    members: list[str] = field(default_factory=list)
    candidates: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    """A federation in the making."""

    random: Random
    federation: Federation
    planned: dict[str, Planned] = field(default_factory=dict)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def some(self, found: list[str], most: int) -> list[str]:
        """One to `most` of these, in their order."""
        count = min(len(found), self.random.randint(1, most))
        chosen = set(self.random.sample(found, count))
        return [one for one in found if one in chosen]

    def need(self, subgraph: Subgraph, name: str) -> TypeDef | None:
        """Make sure that a subgraph defines a type that a field of its own names."""
        if name in LEAVES:
            return None
        known = subgraph.types.get(name)
        if known is not None:
            return known
        plan = self.planned[name]
        made = subgraph.types[name] = TypeDef(name, plan.kind)
        if plan.kind == "object" and plan.keys:
            self.enter(subgraph, name, self.random.choice(plan.keys))
            made.keys[0].is_resolvable = not self.chance(0.3)
        elif plan.kind == "object":
            for each in plan.fields:
                self.define(subgraph, name, each)
        elif plan.kind == "interface":
            self._interface(subgraph, made, plan)
        elif plan.kind == "union":
            made.members = self.some(plan.members, len(plan.members))
            for each in made.members:
                self.need(subgraph, each)
        elif plan.kind == "enum":
            made.values = list(COLORS)
        elif plan.kind == "input":
            made.inputs = [Argument(one.name, one.type_text) for one in plan.fields.values()]
            for argument, one in zip(made.inputs, plan.fields.values(), strict=True):
                argument.default = one.provides  # an input field's default travels here
                self.need(subgraph, one.named)
        return made

    def _interface(self, subgraph: Subgraph, made: TypeDef, plan: Planned) -> None:
        for each in self.some(plan.members, len(plan.members)):
            seen = self.need(subgraph, each)
            assert seen is not None
            seen.implements.append(made.name)
        common = [name for name in plan.candidates if self._all_have(subgraph, made.name, name)]
        if not common:
            name = self.random.choice(plan.candidates)
            for each in subgraph.possible_types(made.name):
                self.define(subgraph, each, name)
            common = [name]
        for name in self.some(common, len(common)):
            found = self.planned[subgraph.possible_types(made.name)[0]].fields[name]
            made.fields[name] = Field(name, found.type_text, list(found.arguments))
            self.need(subgraph, found.named)

    def _all_have(self, subgraph: Subgraph, interface: str, name: str) -> bool:
        return all(
            name in subgraph.types[each].fields for each in subgraph.possible_types(interface)
        )

    def define(self, subgraph: Subgraph, type_name: str, name: str) -> Field:
        """Let a subgraph define a field of a type."""
        seen = self.need(subgraph, type_name)
        assert seen is not None
        known = seen.fields.get(name)
        if known is not None:
            return known
        plan = self.planned[type_name]
        found = plan.fields.get(name) or plan.key_fields[name]
        made = Field(name, found.type_text, [replaced(one) for one in found.arguments])
        seen.fields[name] = made
        self.need(subgraph, made.named)
        for argument in made.arguments:
            self.need(subgraph, argument.type_text.strip("[]!"))
        return made

    def enter(self, subgraph: Subgraph, type_name: str, key: str) -> None:
        """Give a type a key in a subgraph."""
        seen = subgraph.types[type_name]
        if all(one.fields != key for one in seen.keys):
            seen.keys.append(Key(key))
        depth = 0
        for word in key.replace("{", " { ").replace("}", " } ").split():
            depth += {"{": 1, "}": -1}.get(word, 0)
            if depth == 0 and word != "}":
                self.define(subgraph, type_name, word)


def replaced(one: Argument) -> Argument:
    return Argument(one.name, one.type_text, one.default)


def generate(seed: int) -> Federation:
    """The federation of a seed."""
    for attempt in range(MAX_TRIES):
        random = Random(f"{seed}/{attempt}")
        draft = _drafted(random)
        if draft is None:
            continue
        settle(draft.federation, random)
        if is_satisfiable(draft.federation):
            return draft.federation
    message = f"no satisfiable federation from seed {seed}"
    raise ValueError(message)


def _drafted(random: Random) -> Draft | None:
    count = random.choices((2, 3, 4, 5, 6), (34, 30, 20, 10, 6))[0]
    subgraphs = [Subgraph("abcdef"[number]) for number in range(count)]
    draft = Draft(random, Federation(subgraphs))
    _plan_types(draft)
    for name, plan in list(draft.planned.items()):
        if plan.keys:
            _distribute(draft, name, plan)
    _roots(draft)
    decorate(draft)
    draft.federation.subgraphs = [one for one in subgraphs if one.types]
    return draft if len(draft.federation.subgraphs) > 1 else None


def _plan_types(draft: Draft) -> None:
    random = draft.random
    entities = list(ENTITIES[: random.randint(1, 4)])
    values = list(VALUES[: random.randint(0, 3)])
    draft.planned["Color"] = Planned("enum")
    draft.planned["Blob"] = Planned("scalar")
    draft.planned["Wish"] = Planned(
        "input",
        {
            "n": Field("n", "Int", provides="7" if draft.chance(0.5) else None),
            "tone": Field("tone", "Color", provides="GREEN" if draft.chance(0.5) else None),
            "deep": Field("deep", "[Wish!]"),
        },
    )
    for name in entities + values:
        draft.planned[name] = Planned("object")
    composites = entities + values
    for name in INTERFACES[: random.choice((0, 0, 1, 1, 2))]:
        draft.planned[name] = Planned("interface", members=draft.some(entities + values, 3))
        composites.append(name)
    for name in UNIONS[: random.choice((0, 0, 1, 1, 2))]:
        draft.planned[name] = Planned("union", members=draft.some(entities + values, 3))
        composites.append(name)
    for name in entities + values:
        plan = draft.planned[name]
        if name in entities:
            plan.fields["id"] = Field("id", "ID!")
        for each in random.sample(LEAF_NAMES, random.randint(1, 4)):
            plan.fields[each] = _leaf(draft, each)
        for each in random.sample(LINK_NAMES, random.randint(0, 2)):
            plan.fields[each] = _link(draft, each, composites)
    for number, name in enumerate(one for one in INTERFACES if one in draft.planned):
        _candidates(draft, draft.planned[name], ("label", "weight")[number], composites)
    for name in entities:
        _keys(draft, name, values)


def _leaf(draft: Draft, name: str) -> Field:
    named = draft.random.choice((*LEAVES, "Int", "String", "Color", "Blob"))
    wrap = draft.random.choices(("{}", "{}!", "[{}]", "[{}!]!", "[[{}!]]"), (60, 22, 8, 8, 2))[0]
    made = Field(name, wrap.format(named))
    if draft.chance(0.18):
        made.arguments = _arguments(draft)
    return made


def _arguments(draft: Draft) -> list[Argument]:
    choices = (
        Argument("n", "Int"), Argument("n", "Int", "3"), Argument("n", "Int!", "4"),
        Argument("on", "Boolean", "true"), Argument("tone", "Color", "RED"),
        Argument("wish", "Wish"), Argument("wish", "Wish", "{ n: 2, deep: [{ tone: BLUE }] }"),
        Argument("ids", "[ID!]"), Argument("text", "String", '"a"'), Argument("blob", "Blob"),
    )  # fmt: skip
    chosen = draft.random.sample(choices, draft.random.randint(1, 2))
    return [replaced(one) for one in {one.name: one for one in chosen}.values()]


def _link(draft: Draft, name: str, composites: list[str]) -> Field:
    wrap = draft.random.choices(("{}", "{}!", "[{}]", "[{}!]!", "[[{}]]"), (55, 8, 22, 12, 3))[0]
    made = Field(name, wrap.format(draft.random.choice(composites)))
    if draft.chance(0.1):
        made.arguments = _arguments(draft)
    return made


def _candidates(draft: Draft, plan: Planned, leaf: str, composites: list[str]) -> None:
    """Fields that all implementors have, alike."""
    made = [_leaf(draft, leaf)]
    if draft.chance(0.5):
        made.append(_link(draft, {"label": "link", "weight": "near"}[leaf], composites))
    if all("id" in draft.planned[each].fields for each in plan.members):
        plan.candidates.append("id")
    for one in made:
        plan.candidates.append(one.name)
        for each in plan.members:
            draft.planned[each].fields[one.name] = one


def _keys(draft: Draft, name: str, values: list[str]) -> None:
    plan = draft.planned[name]
    found = ["id"] if draft.chance(0.85) else []
    more = {
        "code": {"code": Field("code", draft.random.choice(("String!", "Int!")))},
        "org num": {"org": Field("org", "String!"), "num": Field("num", "Int!")},
        "codes": {"codes": Field("codes", "[ID!]!")},
        "id code": {"code": Field("code", "String!")},
        "tag { x }": {"tag": Field("tag", "Tag!")},
        "tags { x y }": {"tags": Field("tags", "[Tag!]!")},
        "tag { x sub { z } } org": {"tag": Field("tag", "Tag!"), "org": Field("org", "String!")},
    }
    wanted = draft.random.choices((0, 1, 2), (45, 35, 20))[0]
    if not found and not wanted:
        wanted = 1
    for key in draft.random.sample(list(more), wanted):
        found.append(key)
        for each, made in more[key].items():
            plan.key_fields.setdefault(each, made)
    if any("tag" in key for key in found) and "Tag" not in draft.planned:
        draft.planned["Tag"] = Planned(
            "object",
            {
                "x": Field("x", "ID!"),
                "y": Field("y", "Int!"),
                "sub": Field("sub", "Sub!"),
            },
        )
        draft.planned["Sub"] = Planned("object", {"z": Field("z", "String!")})
    plan.keys = found


def _distribute(draft: Draft, name: str, plan: Planned) -> None:
    random = draft.random
    subgraphs = draft.federation.subgraphs
    owners = random.sample(subgraphs, random.randint(1, min(4, len(subgraphs))))
    for one in owners:
        one.types.setdefault(name, TypeDef(name, "object"))
        for key in draft.some(plan.keys, 2):
            draft.enter(one, name, key)
    for each in plan.fields:
        if each == "id" and any(each in one.types[name].fields for one in owners):
            continue
        count = random.choices((1, 2, 3), (74, 20, 6))[0]
        for one in random.sample(owners, min(count, len(owners))):
            draft.define(one, name, each)


def _roots(draft: Draft) -> None:
    random = draft.random
    composites = [
        name
        for name, plan in draft.planned.items()
        if plan.kind in ("object", "interface", "union") and name not in ("Tag", "Sub")
    ]
    query = draft.planned["Query"] = Planned("object")
    for number in range(random.randint(2, 5)):
        name = f"get{number}"
        is_leaf = draft.chance(0.12)
        query.fields[name] = _leaf(draft, name) if is_leaf else _link(draft, name, composites)
        count = random.choices((1, 2, 3), (72, 20, 8))[0]
        holders = random.sample(
            draft.federation.subgraphs, min(count, len(draft.federation.subgraphs))
        )
        for one in holders:
            one.types.setdefault("Query", TypeDef("Query", "object"))
            draft.define(one, "Query", name)
    if draft.chance(0.3):
        mutation = draft.planned["Mutation"] = Planned("object")
        for number in range(random.randint(1, 3)):
            name = f"set{number}"
            mutation.fields[name] = _link(draft, name, composites)
            one = random.choice(draft.federation.subgraphs)
            one.types.setdefault("Mutation", TypeDef("Mutation", "object"))
            draft.define(one, "Mutation", name)
