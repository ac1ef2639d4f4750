"""Loading a supergraph: what is read, what is hidden, what is refused and where."""

import re

import pytest
from graphql import print_schema

from gateway.supergraph import Supergraph, SupergraphError, load_supergraph, read_types
from tests.conformance.load_cases import CASES

HEAD = """
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
  LINKS
{ query: Query }
scalar join__FieldSet
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
enum join__Graph {
  A @join__graph(name: "a", url: "http://a")
  B @join__graph(name: "b", url: "http://b")
}
"""


def load(body: str, links: str = "") -> Supergraph:
    return load_supergraph(HEAD.replace("LINKS", links) + body)


PLAIN = """
type Query @join__type(graph: A) @join__type(graph: B) { t: T @join__field(graph: A) }
"Described."
type T @join__type(graph: A, key: "id") @join__type(graph: B, key: "id", resolvable: false)
  @marked(with: [RED, BLUE]) {
  id: ID!
  "A name."
  name(upper: Boolean = false): String @join__field(graph: A) @join__field(graph: B, external: true) @marked(with: RED, n: 1)
    @deprecated(reason: "old")
  solo: Int @join__field(graph: A)
  label: String @join__field(graph: B, requires: "name other { deep }") @join__field(graph: A, external: true)
  other: O @join__field(graph: A) @join__field(graph: B, external: true)
}
type O @join__type(graph: A) @join__type(graph: B) { deep: Int }
"""  # noqa: E501


def test_types_fields_and_keys_are_read() -> None:
    found = load(PLAIN)
    assert {name: one.url for name, one in found.subgraphs.items()} == {
        "a": "http://a",
        "b": "http://b",
    }
    assert re.fullmatch("[0-9a-f]{64}", found.revision)
    assert [key.is_resolvable for key in found.types["b", "T"].keys] == [False]
    assert set(found.types["a", "T"].fields) == {"id", "name", "solo", "label", "other"}
    assert found.types["a", "T"].fields["label"].is_external
    assert found.types["b", "T"].fields["name"].is_external
    assert "solo" not in found.types["b", "T"].fields
    assert found.owners["T"] == ("a", "b")


def test_requirements_are_closed_over_nested_selections() -> None:
    assert load(PLAIN).requires("T", "label") == [("O", "deep"), ("T", "name"), ("T", "other")]
    assert load(PLAIN).requires("T", "name") == []


def test_composed_directives_are_plain_data() -> None:
    found = load(PLAIN)
    assert found.field_directives("T", "name", "marked") == [{"with": "RED", "n": 1}]
    assert found.type_directives("T", "marked") == [{"with": ["RED", "BLUE"]}]
    assert found.type_directives("T", "join__type") == []


def test_clients_see_descriptions_and_deprecations_but_no_machinery() -> None:
    text = print_schema(load(PLAIN).api_schema)
    assert '"""Described."""' in text
    assert '@deprecated(reason: "old")' in text
    assert "upper: Boolean = false" in text
    for word in ("join__", "link__", "@marked", "@key"):
        assert word not in text


HIDDEN = """
type Query @join__type(graph: A) { t: T secret: S @inaccessible s: S e(x: E, y: Int @inaccessible): E }
type T @join__type(graph: A) { id: ID! code: Int @inaccessible }
type S @join__type(graph: A) @inaccessible { id: ID! }
enum E @join__type(graph: A) { ONE @join__enumValue(graph: A) TWO @join__enumValue(graph: A) @inaccessible }
"""  # noqa: E501
INACCESSIBLE = '@link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY)'


def test_inaccessible_elements_are_hidden_from_clients_only() -> None:
    found = load(HIDDEN, INACCESSIBLE)
    text = print_schema(found.api_schema)
    for word in ("secret", "code", "type S", "TWO", "y:", "s: S"):
        assert word not in text
    full = print_schema(found.full_schema)
    for word in ("secret", "code", "type S", "TWO"):
        assert word in full


def test_a_renamed_directive_is_recognised() -> None:
    renamed = HIDDEN.replace("@inaccessible", "@veiled")
    link = INACCESSIBLE.replace(")", ', import: [{name: "@inaccessible", as: "@veiled"}])')
    assert "secret" not in print_schema(load(renamed, link).api_schema)


def test_a_renamed_join_specification_is_read() -> None:
    text = (HEAD.replace("LINKS", "") + PLAIN).replace("join__", "j__")
    text = text.replace('join/v0.3", for', 'join/v0.3", as: "j", for')
    assert load_supergraph(text).owners["T"] == ("a", "b")


@pytest.mark.parametrize(
    ("link", "renames"),
    [
        (
            'import: ["@type", {name: "@field", as: "@kept"}]',
            [("@join__type", "@type"), ("@join__field", "@kept")],
        ),
        ('import: [{name: "Graph", as: "Service"}]', [("join__Graph", "Service")]),
        (
            'as: "j", import: [{name: "@graph", as: "@at"}, "FieldSet"]',
            [("@join__graph", "@at"), ("join__FieldSet", "FieldSet"), ("join__", "j__")],
        ),
    ],
)
def test_imports_of_the_join_specification_are_read(
    link: str, renames: list[tuple[str, str]]
) -> None:
    text = HEAD.replace("LINKS", "") + PLAIN
    for before, after in renames:
        text = text.replace(before, after)
    found = load_supergraph(text.replace('join/v0.3", for', f'join/v0.3", {link}, for'))
    assert found.owners["T"] == ("a", "b")
    assert print_schema(found.api_schema) == print_schema(load(PLAIN).api_schema)


@pytest.mark.parametrize(
    ("body", "links", "coordinate"),
    [
        ("type Query {", "", ""),
        ("type Query { a: Int }", "", "Query"),
        ("type Query @join__type(graph: C) { a: Int }", "", "Query"),
        ("type Query @join__type(graph: A) { a: Int @join__field(graph: C) }", "", "Query.a"),
        ("type Query @join__type(graph: A) { a: Missing }", "", ""),
        ('type Query @join__type(graph: A, key: "a {") { a: Int }', "", "Query"),
        (
            'type Query @join__type(graph: A) { a: Int @join__field(graph: A, requires: "b") }',
            "",
            "Query.a",
        ),
        (
            'type Query @join__type(graph: A) { a: Int @join__field(graph: A, type: "[") }',
            "",
            "Query.a",
        ),
        (
            'type Query @join__type(graph: A) { a: Int @join__field(graph: A, type: "Query") }',
            "",
            "Query.a",
        ),
        (
            (
                "type Query @join__type(graph: A) { a: I } "
                'type I @join__type(graph: A, key: "id", isInterfaceObject: true) { id: ID! }'
            ),
            "",
            "I",
        ),
        (
            (
                "type Query @join__type(graph: A) "
                '{ a: Int @join__field(graph: A, contextArguments: [{context: "c"}]) }'
            ),
            "",
            "Query.a",
        ),
        (
            "type Query @join__type(graph: A) { a: Int }",
            '@link(url: "https://example.org/secrecy/v1.0", for: SECURITY)',
            "@link secrecy",
        ),
        (
            "type Query @join__type(graph: A) { a: Int }",
            '@link(url: "https://specs.apollo.dev/connect/v0.1", for: EXECUTION)',
            "@link connect",
        ),
    ],
)
def test_what_cannot_be_carried_out_is_refused(body: str, links: str, coordinate: str) -> None:
    with pytest.raises(SupergraphError) as refused:
        load(body, links)
    assert refused.value.coordinate == coordinate


@pytest.mark.parametrize("text", ["", "type Query { a: Int }", "{ a }"])
def test_what_is_no_supergraph_is_refused(text: str) -> None:
    with pytest.raises(SupergraphError):
        load_supergraph(text)


def test_an_unknown_join_version_is_refused() -> None:
    with pytest.raises(SupergraphError, match=r"v0\.9"):
        load_supergraph(HEAD.replace("LINKS", "").replace("v0.3", "v0.9") + PLAIN)


@pytest.mark.parametrize("version", ["v0.2", "v0.3", "v0.4", "v0.5"])
def test_later_join_versions_are_read_alike(version: str) -> None:
    found = load_supergraph(HEAD.replace("LINKS", "").replace("v0.3", version) + PLAIN)
    assert found.owners["T"] == ("a", "b")
    assert found.types["a", "T"].fields["label"].is_external


def test_an_unknown_feature_that_binds_nobody_is_ignored() -> None:
    assert load(PLAIN, '@link(url: "https://example.org/notes/v1.0")').owners["T"] == ("a", "b")


def test_the_first_join_version_speaks_of_owners() -> None:
    text = """
    schema @core(feature: "https://specs.apollo.dev/core/v0.1")
      @core(feature: "https://specs.apollo.dev/join/v0.1") { query: Query }
    directive @core(feature: String!) repeatable on SCHEMA
    enum join__Graph { A @join__graph(name: "a", url: "u") B @join__graph(name: "b", url: "u") }
    type Query { t: T @join__field(graph: A) }
    type T
      @join__owner(graph: A)
      @join__type(graph: A, key: "id")
      @join__type(graph: B, key: "id") {
      id: ID! @join__field(graph: A)
      mine: Int
      theirs: V @join__field(graph: B)
    }
    type V { x: Int }
    """
    found = load_supergraph(text)
    assert set(found.types["a", "T"].fields) == {"id", "mine"}
    assert set(found.types["b", "T"].fields) == {"id", "theirs"}
    assert not found.types["b", "T"].fields["id"].is_external
    assert set(found.types["b", "V"].fields) == {"x"}


def test_the_first_join_version_has_keys_and_promises_where_they_follow() -> None:
    text = (CASES / "fed1" / "join-v01.supergraph.graphql").read_text()
    fields = load_supergraph(text).types["a", "User"].fields
    assert {name: one.is_external for name, one in fields.items()} == {
        "id": False,
        "rid": False,
        "name": True,
    }


def test_keys_that_nobody_is_said_to_have_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(read_types, "with_implied_fields", lambda types, _: types)
    with pytest.raises(AssertionError):
        test_the_first_join_version_has_keys_and_promises_where_they_follow()


def test_before_the_third_version_a_union_has_what_the_subgraph_knows() -> None:
    text = (CASES / "partial-union" / "join-v02.supergraph.graphql").read_text()
    found = load_supergraph(text)
    for (subgraph, _), seen in found.types.items():
        assert all((subgraph, member) in found.types for member in seen.possible_types)
