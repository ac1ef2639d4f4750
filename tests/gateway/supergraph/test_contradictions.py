"""A supergraph that contradicts itself is refused, with the coordinate; nothing else escapes."""

import random
from pathlib import Path

import pytest

from gateway.supergraph import SupergraphError, load_supergraph, registry
from gateway.supergraph_file import SupergraphFollower
from tests.gateway.supergraph.mutate import spoilt
from tests.gateway.supergraph.test_load import HEAD, INACCESSIBLE, PLAIN, load

CASES = Path(__file__).parents[2] / "conformance" / "cases"
WHOLE = """
type Query @join__type(graph: A) @join__type(graph: B) {
  t(n: Int, mode: Mode = LOW): T @join__field(graph: A, provides: "name")
  all: [T!]! @join__field(graph: B, type: "[T!]!")
}
type T implements Named @join__type(graph: A, key: "id")
  @join__type(graph: B, key: "id other { deep }") @join__implements(graph: A, interface: "Named") {
  id: ID!
  name: String @join__field(graph: A, external: true) @join__field(graph: B)
  size(in: Unit!): Int @join__field(graph: A) @join__field(graph: B, external: true)
  label: String @join__field(graph: B, requires: "size(in: CM) other { deep }")
  other: O
}
interface Named @join__type(graph: A) { name: String }
type O @join__type(graph: A) @join__type(graph: B) { deep: Int }
union Some @join__type(graph: A) @join__unionMember(graph: A, member: "O") = O
enum Unit @join__type(graph: A) @join__type(graph: B) {
  CM @join__enumValue(graph: A) @join__enumValue(graph: B)
}
enum Mode @join__type(graph: A) { LOW @join__enumValue(graph: A) }
input Wish @join__type(graph: A) { n: Int @join__field(graph: A) }
"""
LABEL = 'requires: "size(in: CM) other { deep }"'
PROVIDED = 'name: String @join__field(graph: A, provides: "x")'
PLACES = [
    # field sets
    ('key: "id")', 'key: "id {")', "T"),
    ('key: "id")', 'key: "")', ""),
    ('key: "id")', 'key: "nothing")', "T"),
    ('key: "id")', 'key: "x: id")', "T"),
    ('key: "id")', 'key: "id @skip(if: true)")', "T"),
    ('key: "id")', 'key: "...F")', "T"),
    ('key: "id")', 'key: "id } fragment F on T { id")', "T"),
    ('key: "id")', 'key: "id { id }")', "T"),
    ('key: "id")', 'key: "other")', "T"),
    ('key: "id")', 'key: "label")', "T"),
    ('key: "id")', 'key: "__typename { id }")', "T"),
    ('key: "id")', 'key: "size")', "T"),
    ('key: "id")', 'key: "... on O { deep }")', "T"),
    ('key: "id")', 'key: "... on Nothing { id }")', "T"),
    ('key: "id")', 'key: "' + "other { " * 2_000 + '")', "T"),
    (LABEL, 'requires: "size(in: MILE)"', "T.label"),
    (LABEL, 'requires: "size(of: CM)"', "T.label"),
    (LABEL, 'requires: "size"', "T.label"),
    (LABEL, 'requires: "size(in: $unit)"', "T.label"),
    (LABEL, 'requires: "other { lost }"', "T.label"),
    ('provides: "name"', 'provides: "label"', "Query.t"),
    ('provides: "name"', 'provides: "name { first }"', "Query.t"),
    ("name: String @join__field(graph: A, external: true)", PROVIDED, "T.name"),
    # arguments of other kinds, unknown, missing, given twice
    ('key: "id")', "key: 5)", "T"),
    ('key: "id")', 'key: ["id"])', "T"),
    ('key: "id")', 'key: {id: "id"})', "T"),
    ('key: "id")', 'key: "id", key: "id")', "T"),
    ('key: "id")', 'keys: "id")', "T"),
    ('key: "id")', 'key: "id", resolvable: "no")', "T"),
    ('key: "id")', 'key: "id", resolvable: null)', "T"),
    (LABEL, "requires: 5", "T.label"),
    (LABEL, "requires: [true]", "T.label"),
    (LABEL, "external: 1", "T.label"),
    (LABEL, "override: 1", "T.label"),
    (LABEL, "contextArguments: 5", "T.label"),
    (LABEL, 'contextArguments: [{context: "c", name: 5, type: "Int", selection: "id"}]', "T.label"),
    (LABEL, 'contextArguments: [{context: "c", name: "n"}]', "T.label"),
    ('type: "[T!]!"', "type: 5", "Query.all"),
    ('type: "[T!]!"', 'type: "T"', "Query.all"),
    ('type: "[T!]!"', 'type: "[O]"', "Query.all"),
    ('interface: "Named"', "interface: 5", "T"),
    ('interface: "Named"', 'interface: "O"', "T"),
    ('member: "O"', 'member: "T"', "Some"),
    ('member: "O"', "member: null", "Some"),
    ("@join__unionMember(", "@join__member(", "Some"),
    # subgraphs that are not declared, or have a part of a type that they do not have
    ("CM @join__enumValue(graph: A)", "CM @join__enumValue(graph: C)", "Unit.CM"),
    ("CM @join__enumValue(graph: A)", 'CM @join__enumValue(graph: "A")', "Unit.CM"),
    ("CM @join__enumValue(graph: A)", "CM @join__enumValue", "Unit.CM"),
    ("enum Mode @join__type(graph: A)", "enum Mode @join__type(graph: C)", "Mode"),
    ("LOW @join__enumValue(graph: A)", "LOW @join__enumValue(graph: B)", "Mode.LOW"),
    ("n: Int @join__field(graph: A)", "n: Int @join__field(graph: C)", "Wish.n"),
    ("n: Int @join__field(graph: A)", "n: Int @join__field(graph: B)", "Wish.n"),
    ("@join__implements(graph: A", "@join__implements(graph: C", "T"),
    ("label: String", "label: String @join__field(graph: B)", "T.label"),
    # what would be lost without a word
    ("type O ", "type O @join__type(graph: A) { deep: Int } type O ", "O"),
    ("{ deep: Int }", "{ deep: Int deep: Int }", "O.deep"),
    ("(n: Int, ", "(n: Int, n: Int, ", "Query.t(n:)"),
    ("input Wish", "extend type T { more: Int } input Wish", "T"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "coordinate"), PLACES)
def test_a_contradiction_is_refused_where_it_stands(
    before: str, after: str, coordinate: str
) -> None:
    load(WHOLE)
    assert before in WHOLE
    changed = WHOLE.replace(before, after, 1)
    if not coordinate:  # says nothing at all: there is no key
        load(changed)
        return
    with pytest.raises(SupergraphError) as refused:
        load(changed)
    assert refused.value.coordinate == coordinate


LINK = '@link(url: "https://specs.apollo.dev/context/v0.1", for: SECURITY)'
CONTEXT = """
type Query @join__type(graph: A) { t: T }
type T @join__type(graph: A) @context(name: "a__t") { price: Int in: U }
type U @join__type(graph: A) { v: Int @join__field(graph: A, contextArguments: [
  {context: "a__t", name: "n", type: "Int", selection: "{ price }"}]) }
"""


@pytest.mark.parametrize(
    ("before", "after", "coordinate"),
    [
        ("{ price }", "{ lost }", "U.v"),
        ("{ price }", "{ price { x } }", "U.v"),
        ("{ price }", "{ in }", "U.v"),
        ("{ price }", "... on T { lost }", "U.v"),
        ('context: "a__t"', 'context: "a__u"', "U.v"),
        ('type: "Int"', 'type: "T"', "U.v"),
        ('type: "Int"', 'type: "["', "U.v"),
        ('@context(name: "a__t")', "@context(name: 5)", "T"),
        ('@context(name: "a__t")', "@context", "T"),
    ],
)
def test_contexts_name_what_there_is(before: str, after: str, coordinate: str) -> None:
    load(CONTEXT, LINK)
    with pytest.raises(SupergraphError) as refused:
        load(CONTEXT.replace(before, after, 1), LINK)
    assert refused.value.coordinate == coordinate


@pytest.mark.parametrize(
    "link",
    [
        "@link",
        "@link(url: 5)",
        '@link(url: "http://[")',
        '@link(url: "https://a.test/x/v1.0", as: 5)',
        '@link(url: "https://a.test/x/v1.0", as: "")',
        '@link(url: "https://a.test/x/v1.0", for: "SECURITY")',
        '@link(url: "https://a.test/x/v1.0", use: SECURITY)',
        '@link(url: "https://a.test/x/v1.0", import: [5])',
        '@link(url: "https://a.test/x/v1.0", import: [{as: "@x"}])',
        '@link(url: "https://a.test/x/v1.0", import: [{name: "@x", as: "x"}])',
        '@link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)',
        INACCESSIBLE + INACCESSIBLE,
    ],
)
def test_a_link_that_cannot_be_read_is_refused(link: str) -> None:
    with pytest.raises(SupergraphError) as refused:
        load(PLAIN, link)
    assert refused.value.coordinate.startswith("@link")


def test_a_feature_of_somebody_else_hides_none_of_the_federation() -> None:
    found = load(PLAIN, '@link(url: "https://example.org/join/v9.0", as: "other")')
    assert found.owners["T"] == ("a", "b")


def test_other_directives_of_the_schema_are_no_links() -> None:
    assert load(PLAIN, '@contact(name: "x", url: "https://example.org/join/v9")').owners["T"]


def test_a_document_that_nests_too_deeply_is_refused() -> None:
    with pytest.raises(SupergraphError):
        load(PLAIN.replace("n: 1", "n: " + "[" * 5_000 + "]" * 5_000))


def escapes(seeds: range) -> list[BaseException]:
    """What else than the refusal comes out of loading spoilt supergraphs."""
    texts = [one.read_text() for one in sorted(CASES.glob("*/*supergraph.graphql"))]
    found: list[BaseException] = []
    for seed in seeds:
        chance = random.Random(seed)
        try:
            load_supergraph(spoilt(chance.choice(texts), chance))
        except SupergraphError:
            pass
        except Exception as error:
            found.append(error)
    return found


def test_nothing_but_a_refusal_escapes() -> None:
    assert escapes(range(250)) == []


def test_without_the_check_of_joins_other_errors_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted twin: arguments are believed to be of their kinds."""
    monkeypatch.setattr(registry, "check_joins", lambda *_: None)
    assert escapes(range(250))


@pytest.mark.soak
def test_nothing_but_a_refusal_escapes_from_many() -> None:
    assert escapes(range(1_000, 21_000)) == []


@pytest.mark.parametrize("place", [place for place in PLACES if place[2]][::6])
async def test_the_old_supergraph_keeps_serving(
    place: tuple[str, str, str], tmp_path: Path
) -> None:
    file = tmp_path / "supergraph.graphql"
    whole = HEAD.replace("LINKS", "") + WHOLE
    file.write_text(whole)
    swapped: list[object] = []
    follower = SupergraphFollower(
        file, load_supergraph, swapped.append, applied=whole, poll_seconds=60
    )
    file.write_text(whole.replace(place[0], place[1], 1))
    assert not await follower.look()
    assert swapped == []
    file.write_text(whole + "type More @join__type(graph: A) { x: Int }")
    assert await follower.look()
    assert len(swapped) == 1
