"""Which way a mutation is run is data of the agreement, and read as strictly as the rest."""

from importlib import resources

import pytest

from gateway.policy.errors import PolicyError
from gateway.policy.mutations import load_mutations

TEXT = (resources.files("gateway.policy") / "mutations.toml").read_text()


def test_a_back_end_runs_what_is_named_and_nothing_a_person_answers_for() -> None:
    rules = load_mutations()
    asked = ["Mutation.putProvisionedUser", "Mutation.grantRole"]
    refused = rules.not_this_way(asked, by_service=True, by_door=False)
    assert refused == ["Mutation.grantRole"]
    assert rules.not_this_way(asked, by_service=False, by_door=False) == []


def test_what_says_that_something_was_handed_over_is_run_by_a_door_alone() -> None:
    rules = load_mutations()
    asked = ["Mutation.deliverCourtLetter", "Mutation.addCaseNote"]
    assert rules.not_this_way(asked, by_service=False, by_door=False) == asked[:1]
    assert rules.not_this_way(asked, by_service=False, by_door=True) == []


@pytest.mark.parametrize(
    ("section", "planted"),
    [
        ("[doors]\n", "[doors]\nmutations = []\n[doors.more]\n"),
        ('mutations = ["deliverCourtLetter"]', 'mutations = ["deliverCourtLeter"]'),
        ('  "putProvisionedUser",', '  "putUser",'),
    ],
)
def test_an_unknown_word_stops_the_start(section: str, planted: str) -> None:
    assert section in TEXT
    with pytest.raises(PolicyError):
        load_mutations(TEXT.replace(section, planted, 1))


def test_the_version_of_the_agreement_says_who_runs_what_in_which_way() -> None:
    assert load_mutations() != load_mutations(TEXT.replace('["deliverCourtLetter"]', "[]", 1))
