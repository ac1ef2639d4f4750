"""What every service's schema does: labels enforced by the service itself, entities in batches."""

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import strawberry
from strawberry.types import Info

from infra import subgraph_schema
from infra.errors import BugError
from infra.identity_token import Caller
from infra.schema_directives import about, category
from infra.subgraph_schema import MAX_REPRESENTATIONS, SubgraphSchema, build_schema
from infra.vocabulary import Category, Form, Purpose, Role
from tests.fixtures.service_app import caller

STRUCTURE = [category(Category.STRUCTURE)]
CANARY = "methadone, Tuesdays"
CALLS: list[list[str]] = []


@strawberry.federation.type(keys=["id"], directives=[category(Category.SUD), about("id")])
class Person:
    id: strawberry.ID = strawberry.federation.field(directives=STRUCTURE)
    treatment: str | None = CANARY
    course: str | None = strawberry.federation.field(
        default="8020", directives=[category(Category.CATALOGUE)]
    )
    goal: str | None = strawberry.federation.field(
        default="whole text", directives=[category(Category.GOALS_PLAN)]
    )
    progress: str | None = strawberry.federation.field(
        default="doing well", directives=[category(Category.GOALS_PLAN, Form.SUMMARY)]
    )

    @classmethod
    async def resolve_references(
        cls, _info: Info, representations: list[dict[str, Any]]
    ) -> Sequence["Person | None"]:
        CALLS.append([str(each.get("id")) for each in representations])
        ids = [each.get("id") for each in representations]
        return [cls(id=strawberry.ID(each)) if isinstance(each, str) else None for each in ids]


@strawberry.federation.type(keys=["code"], directives=[category(Category.CATALOGUE)])
class Topic:
    code: strawberry.ID

    @classmethod
    async def resolve_references(
        cls, _info: Info, representations: list[dict[str, Any]]
    ) -> Sequence["Topic | None"]:
        return [cls(code=strawberry.ID(str(each["code"]))) for each in representations]


@strawberry.type(directives=STRUCTURE)
class Query:
    @strawberry.field
    def person(self) -> Person | None:
        return Person(id=strawberry.ID("p"))

    @strawberry.field(  # type: ignore[untyped-decorator]  # Strawberry's, with arguments
        directives=[category(Category.IDENTITY)]
    )
    def people(self) -> list[Person] | None:
        return [Person(id=strawberry.ID("p"))]


def new_schema() -> SubgraphSchema:
    return build_schema(query=Query, types=[Person, Topic])


NOBODY = caller(Role.SVC, {}, purpose=Purpose.TREAT)


async def ask(
    schema: SubgraphSchema, asking: Caller, query: str, variables: Any = None
) -> dict[str, Any]:
    context: Any = SimpleNamespace(caller=asking)
    result = await schema.execute(query, variable_values=variables, context_value=context)
    assert not result.errors, result.errors
    assert result.data is not None
    return result.data


async def assert_labels_hold(schema: SubgraphSchema) -> None:
    """A caller without the category gets null by every road: root, entity, alias, fragment."""
    fields = "id again: treatment ...more"
    fragment = "fragment more on Person { treatment goal progress course }"
    answer = await ask(schema, NOBODY, f"{{ person {{ {fields} }} }} {fragment}")
    person = {"treatment": None, "goal": None, "progress": None, "course": "8020"}
    assert answer == {"person": {"id": "p", "again": None, **person}}
    entities = f"""query($r: [_Any!]!) {{
      _entities(representations: $r) {{ ... on Person {{ {fields} }} }} }} {fragment}"""
    given = {"__typename": "Person", "id": "p", "treatment": CANARY}
    answer = await ask(schema, NOBODY, entities, {"r": [given]})
    assert answer == {"_entities": [{"id": "p", "again": None, **person}]}
    assert await ask(schema, NOBODY, "{ people { id } }") == {"people": None}


async def test_a_field_is_null_unless_the_token_names_its_category() -> None:
    await assert_labels_hold(new_schema())


async def test_a_schema_without_the_guard_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subgraph_schema, "enforce_labels", lambda _schema: None)
    with pytest.raises(AssertionError):
        await assert_labels_hold(new_schema())


async def test_a_guard_that_reads_only_the_label_of_fields_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = subgraph_schema.label_of

    def forgetful(directives: Any) -> Any:
        found = right(directives)
        return (Category.STRUCTURE, Form.RAW) if found == (Category.SUD, Form.RAW) else found

    monkeypatch.setattr(subgraph_schema, "label_of", forgetful)
    with pytest.raises(AssertionError):
        await assert_labels_hold(new_schema())


async def test_what_the_token_names_is_resolved() -> None:
    asking = caller(Role.SVC, {Category.SUD: "r"}, purpose=Purpose.TREAT)
    answer = await ask(new_schema(), asking, "{ person { treatment goal } }")
    assert answer == {"person": {"treatment": CANARY, "goal": None}}


async def test_an_empty_expression_and_an_aggregate_open_nothing() -> None:
    asking = caller(Role.PCG, {Category.SUD: ""}, aggregates=frozenset({Category.SUD}))
    assert await ask(new_schema(), asking, "{ person { treatment } }") == {
        "person": {"treatment": None}
    }


async def test_who_may_read_a_summary_reads_no_raw_field() -> None:
    whole = caller(Role.CM, {Category.GOALS_PLAN: "a"}, purpose=Purpose.CAREMGT)
    summary = replace(whole, forms={Category.GOALS_PLAN: Form.SUMMARY})
    document = "{ person { goal progress } }"
    for asking, goal in ((whole, "whole text"), (summary, None)):
        answer = await ask(new_schema(), asking, document)
        assert answer == {"person": {"goal": goal, "progress": "doing well"}}


def test_a_field_that_nobody_labelled_stops_the_start() -> None:
    @strawberry.type(name="Query")
    class Unlabelled:
        @strawberry.field
        def anything(self) -> str | None:
            return None

    with pytest.raises(BugError, match=r"Query\.anything has no label"):
        build_schema(query=Unlabelled)


ENTITIES = """query($r: [_Any!]!) {
  _entities(representations: $r) { __typename ... on Person { id } ... on Topic { code } }
}"""


async def test_references_of_a_type_come_in_one_batch_and_answers_in_order() -> None:
    CALLS.clear()
    references = [
        {"__typename": "Person", "id": "1"},
        {"__typename": "Topic", "code": "a"},
        {"__typename": "Person", "id": "2"},
        {"__typename": "Person"},
        {"__typename": "Person", "id": "1"},
    ]
    answer = await ask(new_schema(), NOBODY, ENTITIES, {"r": references})
    assert CALLS == [["1", "2", "None", "1"]]
    assert answer["_entities"] == [
        {"__typename": "Person", "id": "1"},
        {"__typename": "Topic", "code": "a"},
        {"__typename": "Person", "id": "2"},
        None,
        {"__typename": "Person", "id": "1"},
    ]


@pytest.mark.parametrize(
    "reference",
    [{"__typename": "Nothing", "id": "1"}, {"__typename": "Query"}, {"__typename": 7}, {"id": "1"}],
    ids=str,
)
async def test_an_unknown_type_is_absent_and_harms_no_neighbour(reference: Any) -> None:
    references = [reference, {"__typename": "Person", "id": "1"}]
    answer = await ask(new_schema(), NOBODY, ENTITIES, {"r": references})
    assert answer["_entities"] == [None, {"__typename": "Person", "id": "1"}]


async def test_too_many_references_are_refused_before_any_is_resolved() -> None:
    CALLS.clear()
    references = [{"__typename": "Person", "id": "1"}] * (MAX_REPRESENTATIONS + 1)
    context: Any = SimpleNamespace(caller=NOBODY)
    result = await new_schema().execute(
        ENTITIES, variable_values={"r": references}, context_value=context
    )
    assert result.errors is not None
    assert getattr(result.errors[0].original_error, "code", None) == "BAD_USER_INPUT"
    assert CALLS == []


def test_labels_travel_with_the_sdl() -> None:
    sdl = new_schema().as_str()
    assert '@category(is: "GOALS_PLAN", as: "SUMMARY")' in sdl
    assert '@about(participant: "id")' in sdl
    assert '@composeDirective(name: "@category")' in sdl
    assert "federation/v2.9" in sdl
