"""What an operation may cost is known before it runs, from its text and its variables alone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import RequestRefusedError
from gateway.inspection import show_plan
from gateway.limits import cost as cost_module
from gateway.limits.budget import Budget
from gateway.limits.cost import Cost, cost_of
from gateway.planner import coerce_variables, normalize, parse_operation
from gateway.policy.packaged import packaged_supergraph
from gateway.supergraph import Supergraph, SupergraphError, load_supergraph
from gateway.web.console.documents import load_documents
from tests.fixtures.consent_world import Person
from tests.fixtures.gateway_app import GatewayWorld

SDL = """
schema @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/cost/v0.1", import: [{name: "@cost", as: "@price"}, "@listSize"])
  { query: Query mutation: Mutation }
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__type(graph: join__Graph!, key: join__FieldSet) repeatable on OBJECT | INTERFACE | UNION | INPUT_OBJECT
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @price(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR
directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION
scalar join__FieldSet
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
enum join__Graph { A @join__graph(name: "a", url: "http://a") }
type Query @join__type(graph: A) {
  book: Book
  books: [Book!] @listSize(assumedSize: 7)
  shelf(count: Int, atMost: Int): [Book!] @listSize(slicingArguments: ["count", "atMost"], requireOneSlicingArgument: false)
  exactly(count: Int, atMost: Int): [Book!] @listSize(slicingArguments: ["count", "atMost"])
  search(input: Search!): Found @listSize(slicingArguments: ["input.first"], sizedFields: ["items"])
  pages(first: Int = 25, last: Int): BookConnection
  anything: [Thing!]
  dear(depth: Int @price(weight: 40)): Book @price(weight: 100)
}
type Mutation @join__type(graph: A) { add: Book }
input Search @join__type(graph: A) { first: Int text: String @price(weight: 3) }
type Found @join__type(graph: A) { items: [Book!] tags: [Tag!] }
type BookConnection @join__type(graph: A) { edges: [BookEdge!] pageInfo: PageInfo! totalCount: Int }
type BookEdge @join__type(graph: A) { node: Book }
type PageInfo @join__type(graph: A) { hasNextPage: Boolean! }
type Book @join__type(graph: A) { title: String similar: [Book!] pages(first: Int!): BookConnection }
type Tag @join__type(graph: A) @price(weight: 5) { word: String }
union Thing @join__type(graph: A) @join__unionMember(graph: A, member: "Book") @join__unionMember(graph: A, member: "Tag") = Book | Tag
"""  # noqa: E501 - the specifications' own definitions


@pytest.fixture(scope="module")
def books() -> Supergraph:
    return load_supergraph(SDL)


def _cost(text: str, graph: Supergraph, raw: Mapping[str, Any] | None = None) -> tuple[Cost, Any]:
    operation = parse_operation(text, None, graph)
    return cost_of(normalize(operation), graph, 5), coerce_variables(operation, raw)


@pytest.mark.parametrize(
    ("text", "variables", "expected"),
    [
        ("{ book { title } }", None, 1),
        ("{ book { similar { title } } }", None, 1 + 5),
        ("{ books { similar { title } } }", None, 7 * (1 + 5)),
        ("{ shelf(count: 3) { title } }", None, 3),
        ("{ shelf(count: 3, atMost: 9) { title } }", None, 9),
        ("{ shelf { title } }", None, 5),
        ("query($n: Int) { shelf(count: $n) { title } }", {"n": 50}, 50),
        ("query($n: Int) { shelf(count: $n) { title } }", {}, 5),
        ("query($n: Int = 8) { shelf(count: $n) { title } }", {}, 8),
        ("{ search(input: {first: 4}) { items { title } } }", None, 1 + 3 + 4),
        ("{ search(input: {first: 4}) { tags { word } } }", None, 1 + 3 + 5 * 5),
        ("query($i: Search!) { search(input: $i) { items { title } } }",
         {"i": {"first": 6}}, 1 + 3 + 6),
        ("query($n: Int) { search(input: {first: $n}) { items { title } } }",
         {"n": 6}, 1 + 3 + 6),
        ("{ pages { edges { node { title } } pageInfo { hasNextPage } totalCount } }",
         None, 1 + 25 * 2 + 1),
        ("{ pages(first: 100) { edges { node { pages(first: 100) { totalCount } } } } }",
         None, 1 + 100 * 3),
        ("query($n: Int! = 3) { pages(first: $n) { edges { node { title } } } }", {"n": 9}, 1 + 18),
        ("{ anything { ... on Book { similar { title } } ... on Tag { word } } }", None, 5 * 6),
        ("{ anything { ... on Book { title } ... on Tag { word } } }", None, 5 * 5),
        ("{ dear { title } }", None, 100),
        ("{ dear(depth: 1) { title } }", None, 140),
        ("mutation { add { title } }", None, 10),
        ("{ a: book { title } ...f } fragment f on Query { a: book { title } }", None, 1),
        ("{ __schema { types { fields { name } } } }", None, 0),
    ],
)  # fmt: skip
def test_an_operation_costs_what_it_may_answer_with(
    books: Supergraph, text: str, variables: Mapping[str, Any] | None, expected: int
) -> None:
    cost, coerced = _cost(text, books, variables)
    assert cost.estimate(coerced) == expected


NESTED = """{ pages(first: 100) { edges { node { pages(first: 100) { edges { node {
  pages(first: 100) { edges { node { pages(first: 100) { edges { node { title } } } } } }
} } } } } } }"""


def test_a_product_of_pages_is_refused_with_estimate_and_limit(books: Supergraph) -> None:
    cost, coerced = _cost(NESTED, books)
    with pytest.raises(RequestRefusedError) as refused:
        cost.check(coerced, Budget())
    assert (refused.value.status, refused.value.code) == (400, "COST_LIMIT")
    told = refused.value.errors[0]["extensions"]
    assert told["limit"] == 10_000
    assert told["estimated"] > 2 * 100**4


def test_an_estimate_that_forgets_lists_would_be_noticed(
    books: Supergraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above."""
    monkeypatch.setattr(cost_module._Size, "value", lambda *_: 1)
    with pytest.raises(pytest.fail.Exception):
        test_a_product_of_pages_is_refused_with_estimate_and_limit(books)


@pytest.mark.parametrize("size", [0, -1, 101, 2**31 - 1])
def test_a_page_of_an_impossible_size_is_refused(books: Supergraph, size: int) -> None:
    for text, variables in (
        ("{ pages(first: %d) { totalCount } }" % size, None),  # noqa: UP031 - braces of GraphQL
        ("query($n: Int!) { pages(first: $n) { totalCount } }", {"n": size}),
    ):
        cost, coerced = _cost(text, books, variables)
        with pytest.raises(RequestRefusedError) as refused:
            cost.check(coerced, Budget())
        assert refused.value.code == "PAGE_LIMIT"


@pytest.mark.parametrize("arguments", ["", "(count: 1, atMost: 2)"])
def test_a_list_that_wants_one_size_gets_one(books: Supergraph, arguments: str) -> None:
    cost, coerced = _cost(f"{{ exactly{arguments} {{ title }} }}", books)
    with pytest.raises(RequestRefusedError) as refused:
        cost.check(coerced, Budget())
    assert refused.value.code == "PAGE_LIMIT"


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("@price(weight: 40)", '@price(weight: "much")'),
        ("@listSize(assumedSize: 7)", '@listSize(assumedSize: "some")'),
        ('sizedFields: ["items"]', 'sizedFields: "items"'),
    ],
)
def test_a_directive_that_cannot_be_read_refuses_to_load(good: str, bad: str) -> None:
    with pytest.raises(SupergraphError, match="Query"):
        load_supergraph(SDL.replace(good, bad))


def test_every_operation_of_the_product_is_within_the_limit() -> None:
    graph, budget = packaged_supergraph(), Budget()
    root = Path(cost_module.__file__).parents[1]
    files = [*root.glob("operations/*.graphql"), *root.glob("web/doors/operations/*.graphql")]
    texts = {file.name: file.read_text(encoding="utf-8") for file in files}
    texts |= load_documents()
    assert len(texts) > 100
    for name, text in texts.items():
        operation = parse_operation(text, None, graph)
        definitions = operation.definition.variable_definitions or ()
        largest = {each.variable.name.value: 100 for each in definitions}
        estimated = cost_of(normalize(operation), graph, budget.assumed_list).estimate(largest)
        assert estimated <= budget.cost, name


async def test_an_answer_says_what_it_may_have_cost(gateway_world: GatewayWorld) -> None:
    person: Person = await gateway_world.person("CM")
    async with gateway_world.gateway() as gateway:
        answer = await gateway.ask(person, "{ courses { number } }", wants_cost=True)
        assert answer.body["extensions"]["cost"] == {"estimated": 5, "limit": 10_000}
    async with gateway_world.gateway(budget=Budget(cost=4)) as gateway:
        answer = await gateway.ask(person, "{ courses { number } }")
        assert answer.status == 400
        (error,) = answer.body["errors"]
        assert error["extensions"] == {"code": "COST_LIMIT", "estimated": 5, "limit": 4}


def test_plan_prints_the_cost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "operation.graphql"
    file.write_text("{ sites { name } }")
    assert show_plan(file, None, None) == 0
    assert "# cost: 5 of 10000" in capsys.readouterr().out
