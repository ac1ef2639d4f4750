"""A policy with a mistake stops the start, with the file and the line to look at."""

import re
from importlib import resources

import pytest

from gateway.policy.errors import PolicyError
from gateway.policy.lines import coordinate_line
from gateway.policy.matrix import load_matrix
from gateway.policy.mutations import load_mutations
from gateway.policy.packaged import packaged_sdl, packaged_supergraph, packaged_table
from gateway.policy.reasons import check_reasons
from gateway.supergraph import load_supergraph


def text_of(name: str) -> str:
    return (resources.files("gateway.policy") / name).read_text()


MATRIX, MUTATIONS = text_of("matrix.toml"), text_of("mutations.toml")
NOTES = r'(\): CaseNoteConnection )@category\(is: "CASE_NOTES"'
REASONS = text_of("reasons.toml")


@pytest.mark.parametrize(
    ("given", "planted", "says"),
    [
        ('"MED:E" = "b"', '"MED:E" = "b"\n"PLA:E" = "r"', "never apply"),
        ('"PM:AGENCY_ROLES" = "o"', '"PM:CASE_NOTES" = "r"', "never apply"),
        ("CRT = []", 'CRT = []\nSPY = ["TREAT"]', "unknown column SPY"),
        ('"Query.explain" = ["CM"', '"Query.explain" = ["CX"', "CX"),
        ('roles = ["LEO", "LEL", "PRO", "PRB", "CRT"]', 'roles = ["LEO", "POLICE"]', "POLICE"),
    ],
    ids=["ground without cell", "ground of a closed cell", "column", "restricted", "justice"],
)
def test_matrix(given: str, planted: str, says: str) -> None:
    assert given in MATRIX
    with pytest.raises(PolicyError, match=says) as refused:
        load_matrix(MATRIX.replace(given, planted, 1))
    assert re.match(r"matrix\.toml:\d+$", refused.value.where)


@pytest.mark.parametrize(
    ("planted", "says"),
    [('addCaseNote = ["SPY"]', "SPY"), ("addCaseNote = []", "never apply")],
)
def test_mutations(planted: str, says: str) -> None:
    changed = re.sub(r"^addCaseNote = .*$", planted, MUTATIONS, flags=re.MULTILINE)
    assert changed != MUTATIONS
    with pytest.raises(PolicyError, match=says) as refused:
        load_mutations(changed)
    assert re.match(r"mutations\.toml:\d+$", refused.value.where)


def test_a_rule_for_no_mutation_names_its_line() -> None:
    rules = load_mutations(MUTATIONS + '\ndropTables = ["PLA"]\n')
    with pytest.raises(PolicyError, match="dropTables") as refused:
        rules.check(packaged_supergraph())
    assert re.match(r"mutations\.toml:\d+$", refused.value.where)


@pytest.mark.parametrize(
    ("given", "planted", "says"),
    [
        ("\nPM = ", "\nPX = ", "PX"),
        ("\nSUD = ", "\nDREAMS = ", "DREAMS"),
        ("\n[categories]", "\n[kinds]", "kinds|no reason"),
    ],
)
def test_reasons(given: str, planted: str, says: str) -> None:
    assert given in REASONS
    with pytest.raises(PolicyError, match=says) as refused:
        check_reasons(REASONS.replace(given, planted, 1))
    assert refused.value.where.startswith("reasons.toml")


@pytest.mark.parametrize(
    ("coordinate", "given", "planted", "says"),
    [
        ("CaseNote", r"(type CaseNote [^@]*)@category\([^)]*\)", r"\1", "no @category"),
        ("Participant.notes", NOTES, r'\1@category(is: "DREAMS"', "unknown category"),
        ("Participant.notes", NOTES, r'\1@category(is: "SUD") @category(is: "HOUSING"', "labels"),
    ],
    ids=["without label", "unknown category", "clash"],
)
def test_a_coordinate_that_is_labelled_wrongly_names_its_line(
    coordinate: str, given: str, planted: str, says: str
) -> None:
    sdl = packaged_sdl()
    broken = re.sub(given, planted, sdl, count=1)
    assert broken != sdl
    with pytest.raises(PolicyError, match=says) as refused:
        packaged_table(load_supergraph(broken), broken)
    line = coordinate_line(broken, coordinate)
    assert refused.value.where == f"supergraph.graphql:{line}: {coordinate}"


def test_the_line_of_a_coordinate_is_where_it_stands() -> None:
    sdl = packaged_sdl()
    line = coordinate_line(sdl, "Participant.notes")
    assert line is not None
    assert sdl.splitlines()[line - 1].strip().startswith("notes(")
    assert coordinate_line(sdl, "Participant.dreams") is None
