"""The access table of a small agreement over a small schema: every view of it, as reviewed.

Nothing here rests on the packaged agreement, so a change of that one moves none of these lines; and
each cell stands in for one way of being let in, or not.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from gateway.policy.access_table import BITS, AccessTable, View, compile_table, table_text
from gateway.policy.errors import PolicyError
from gateway.policy.labels import read_labels
from gateway.policy.matrix import Cell, CellKind, Matrix
from gateway.policy.mutations import MutationRules
from gateway.policy.obligations import Obligations
from infra.vocabulary import Category, Form, Purpose, Role
from tests.factories.supergraphs import labelled_supergraph

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "small_access_table.txt"
SDL = """
type Query @category(is: "STRUCTURE") {
  participant(id: ID!): Participant
  participants(
    first: Int, noteContains: String @category(is: "CASE_NOTES")
  ): ParticipantConnection
  myPeople: [Participant!]
  courses(topic: String): [Course!] @category(is: "CATALOGUE")
  case: Case
  staff: [Staff] @category(is: "AGENCY_ROLES")
  counted: Int @category(is: "REFERRAL", as: "AGGREGATE")
  studied: Int @category(is: "REFERRAL", as: "DEIDENTIFIED")
  either: Either
  governed: Governed
  nobody: Nobody
  chain: Chain
  net: Net
  explain: String
}
type Mutation @category(is: "STRUCTURE") { addNote(text: String): Payload! teach: Payload! }
type Payload @category(is: "STRUCTURE") { text: String }
type ParticipantConnection @category(is: "STRUCTURE") { edges: [ParticipantEdge!]! }
type ParticipantEdge @category(is: "STRUCTURE") { node: Participant }
type Participant @category(is: "IDENTITY") @about(participant: "id") {
  id: ID! @category(is: "STRUCTURE")
  name: String
  notes: [Note] @category(is: "CASE_NOTES")
  goals: String @category(is: "GOALS_PLAN")
  summary: String @category(is: "GOALS_PLAN", as: "SUMMARY")
  plan: String @category(is: "GOALS_PLAN") @join__field(graph: A, requires: "id notes { text }")
}
type Note @category(is: "CASE_NOTES") @about(participant: "participantId") {
  participantId: ID! @category(is: "STRUCTURE")
  text: String
}
type Case @category(is: "LEGAL_PUBLIC", as: "PUBLIC_RECORD") {
  number: String!
  link: Link @category(is: "LEGAL_COORD")
}
type Link @category(is: "LEGAL_COORD") @about(participant: "participantId") {
  participantId: ID! @category(is: "STRUCTURE")
}
type Staff @category(is: "AGENCY_ROLES") { name: String }
type Course @category(is: "CATALOGUE") { number: String! }
type Chain @category(is: "STRUCTURE") { edges: [String] }
type Net @category(is: "STRUCTURE") { edges: [Knot] }
type Knot @category(is: "STRUCTURE") { number: Int }
union Either @join__type(graph: A) = Course | Participant
union Governed @join__type(graph: A) = Note | Participant
interface Nobody @join__type(graph: A) { id: ID }
"""
STREAM = 'type Subscription @category(is: "STRUCTURE") { told: String }\n'

IDENTITY, NOTES, GOALS = Category.IDENTITY, Category.CASE_NOTES, Category.GOALS_PLAN
REFERRAL, PUBLIC = Category.REFERRAL, Category.LEGAL_PUBLIC
LINK, STAFF = Category.LEGAL_COORD, Category.AGENCY_ROLES
ORDER = (IDENTITY, NOTES, GOALS, REFERRAL, PUBLIC, LINK, STAFF)
CELLS = {
    "-": Cell(CellKind.NONE, "", None),
    "A": Cell(CellKind.AGGREGATE, "", None),
    "D": Cell(CellKind.DEIDENTIFIED, "", None),
    "S": Cell(CellKind.SUMMARY, "r", Form.SUMMARY),
    "P": Cell(CellKind.PUBLIC_RECORD, "*", Form.PUBLIC_RECORD),
    "O": Cell(CellKind.OWN, "s", None),
    "W": Cell(CellKind.WITHOUT_RELEASE, "ao|r", None),
    "C": Cell(CellKind.CONSENT, "r", None),
    "*": Cell(CellKind.WITHOUT_RELEASE, "*", None),
}
ROWS = {
    #      identity notes goals referral public link staff
    "CM": "WWCWPWO",
    "PM": "W-CWPC*",
    "LEO": "C-SOP-O",
    "PRO:not_liaison": "----P--",
    "SVC": "-CCCPCC",
    "EVL": "---DD--",
    "PCG": "---AA-A",
    "PAR": "OOOOOO-",
    "PLA": "------*",
}
MATRIX = Matrix(
    version="small",
    columns=MappingProxyType(
        {
            column: MappingProxyType(
                {each: CELLS[cell] for each, cell in zip(ORDER, row, strict=True)}
            )
            for column, row in ROWS.items()
        }
    ),
    purposes={
        **{column.partition(":")[0]: frozenset({Purpose.LEAD_COORD}) for column in ROWS},
        "CM": frozenset({Purpose.COC, Purpose.CAREMGT}),
        "PLA": frozenset(),
    },
    justice_roles=frozenset({Role.LEO, Role.PRO}),
    own_lists=frozenset({"Query.myPeople"}),
    restricted={"Query.explain": frozenset({Role.CM}), "Subscription.told": frozenset({Role.CM})},
    counted={"CM": frozenset({REFERRAL})},
)
RULES = MutationRules({"addNote": frozenset({Role.CM}), "teach": frozenset({Role.PLA})})


def compiled(
    matrix: Matrix = MATRIX,
    rules: MutationRules = RULES,
    sdl: str = SDL,
    obligations: Obligations | None = None,
) -> AccessTable:
    graph = labelled_supergraph(sdl)
    return compile_table(graph, read_labels(graph), matrix, rules, obligations)


@pytest.fixture(scope="module")
def table() -> AccessTable:
    return compiled()


def bits(number: int | None) -> str:
    """Return the categories that a number stands for, and say where it stands for another one."""
    if number is None:
        return "refused"
    named = [category for category in ORDER if category in BITS and number & BITS[category]]
    assert sum(BITS[each] for each in named) == number
    return "+".join(named) or "nothing"


def described(view: View) -> Iterator[str]:
    """Yield what a view holds, line by line."""
    yield f"[{view.name}]"
    yield from sorted(f"refused {'.'.join(each)}" for each in view.refused)
    yield from sorted(f"needs {'.'.join(each)} {bits(of)}" for each, of in view.needs.items())
    yield from sorted(f"type {name} {bits(of)}" for name, of in view.type_needs.items())
    yield from sorted(
        f"argument {'.'.join(each)}({name}:) {bits(of)}"
        for (each, name), of in view.arguments.items()
    )


def all_of(table: AccessTable) -> Iterator[str]:
    """Yield the whole of a table."""
    yield table_text(table)
    for _, view in sorted(table.views.items()):
        yield from described(view)
    yield from described(table.outage)
    for column in sorted(ROWS):
        for has_purpose in (True, False):
            grounds, forms, figures = table.access_of(column, has_person_purpose=has_purpose)
            yield f"[access of {column}{'' if has_purpose else '-'}]"
            yield from sorted(f"{each} on {of}" for each, of in grounds.items())
            yield from sorted(f"{each} as {of}" for each, of in forms.items())
            yield from sorted(f"{each} counted" for each in figures)


def test_the_small_table_is_as_reviewed(table: AccessTable) -> None:
    text = "\n".join(all_of(table)) + "\n"
    if os.environ.get("GT_WRITE_GOLDEN"):
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()


@pytest.mark.parametrize(
    ("column", "cell", "widened"),
    [("LEO", 1, "C"), ("LEO", 2, "C"), ("PCG", 3, "D"), ("PLA", 0, "O"), ("CM", 0, "*")],
)
def test_a_wider_cell_would_be_noticed(
    column: str, cell: int, widened: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin: an agreement that lets one column see one thing more, or on no ground."""
    monkeypatch.delenv("GT_WRITE_GOLDEN", raising=False)
    row = MATRIX.columns[column]
    planted = {**MATRIX.columns, column: {**row, ORDER[cell]: CELLS[widened]}}
    with pytest.raises(AssertionError):
        test_the_small_table_is_as_reviewed(compiled(replace(MATRIX, columns=planted)))


@pytest.mark.parametrize(
    ("coordinate", "columns", "without_purpose"),
    [
        ("Query.participant", "CM PM LEO PAR", ""),
        ("Query.participants", "CM PM PAR", ""),
        ("Query.myPeople", "CM PM LEO PAR", ""),
        ("Query.participants(noteContains:)", "CM PAR", ""),
        ("Participant.plan", "CM SVC PAR", ""),
        ("Participant.summary", "CM PM LEO SVC PAR", ""),
        ("Case.number", "CM PM LEO PRO:not_liaison SVC PAR", "CM PM LEO PRO:not_liaison SVC"),
        ("Query.counted", "CM EVL PCG", ""),
        ("Query.studied", "EVL", ""),
        ("Query.explain", "CM", "CM"),
        ("Mutation.teach", "PLA", "PLA"),
        ("Query.staff", "CM PM LEO SVC PLA", "CM PM LEO SVC PLA"),
        # Where a course may come too there is something left to see.
        ("Query.either", " ".join(ROWS), " ".join(ROWS)),
        ("Query.governed", "CM PM LEO SVC PAR", ""),
        ("Query.nobody", " ".join(ROWS), " ".join(ROWS)),
    ],
)
def test_who_has_it(
    table: AccessTable, coordinate: str, columns: str, without_purpose: str
) -> None:
    for has_purpose, expected in ((True, columns), (False, without_purpose)):
        found = {
            column
            for column in ROWS
            if not table.view(column, has_person_purpose=has_purpose).refuses(coordinate)
        }
        assert found == set(expected.split()), has_purpose


def test_while_consent_is_away_courses_are_left(table: AccessTable) -> None:
    kept = {each for each in table.labels.fields if each not in table.outage.refused}
    assert ("Query", "courses") in kept
    assert ("Query", "either") in kept
    assert not {("Query", "participant"), ("Query", "case"), ("Query", "staff")} & kept
    assert not {each for each in kept if each[0] == "Mutation"}
    assert not {("Participant", "plan"), ("Participant", "name"), ("Case", "number")} & kept


def test_rules_and_schema_fit_or_nothing_is_compiled() -> None:
    with pytest.raises(PolicyError, match="no such mutation: paint"):
        compiled(rules=MutationRules({**RULES.roles, "paint": frozenset({Role.CM})}))
    with pytest.raises(PolicyError, match="no rule"):
        compiled(rules=MutationRules({"teach": frozenset({Role.PLA})}))
    with pytest.raises(PolicyError, match="unknown coordinate"):
        compiled(replace(MATRIX, own_lists=frozenset({"Query.myPeople", "Query.theirs"})))
    with pytest.raises(PolicyError, match="nobody is named") as refused:
        compiled(replace(MATRIX, restricted={}), sdl=SDL + STREAM)
    assert refused.value.where == "Subscription.told"
    streamed = compiled(sdl=SDL + STREAM)
    assert not streamed.view("CM", has_person_purpose=False).refuses("Subscription.told")
    assert streamed.view("SVC", has_person_purpose=True).refuses("Subscription.told")


def test_a_schema_without_commands_has_a_table() -> None:
    start = SDL.index("type Mutation")
    silent = SDL[:start] + SDL[SDL.index("type Payload") :]
    found = compiled(rules=MutationRules({}), sdl=silent)
    assert ("Query", "courses") not in found.outage.refused


def test_whatever_widens_or_binds_moves_the_version(table: AccessTable) -> None:
    """And nothing else does: the same parts are the same version."""
    name, _, mark = table.version.partition("+")
    assert (name, len(mark)) == ("small", 16)
    assert compiled().version == table.version
    others = [
        compiled(replace(MATRIX, version="other")),
        compiled(replace(MATRIX, counted={})),
        compiled(rules=replace(RULES, doors=frozenset({"Mutation.addNote"}))),
        compiled(rules=replace(RULES, back_ends=frozenset({"Mutation.addNote"}))),
        compiled(obligations=Obligations(MATRIX, (), {}, "of another file")),
    ]
    marks = {each.version.partition("+")[2] for each in others}
    assert len(marks | {mark}) == len(others) + 1


def test_obligations_are_those_given_or_none(table: AccessTable) -> None:
    given = Obligations(MATRIX, (), {}, "of a file")
    assert compiled(obligations=given).obligations is given
    assert (table.obligations.rules, table.obligations.fingerprint) == ((), "")
    assert (table.matrix, table.mutations) == (MATRIX, RULES)
