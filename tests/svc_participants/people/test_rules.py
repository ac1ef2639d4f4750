"""Answers that contradict each other, and who may write on which ground."""

import pytest

from infra.errors import RuleError
from infra.vocabulary import Category, Role
from svc_participants.people import rules
from svc_participants.people.rules import Race


@pytest.mark.parametrize("answer", [[Race.ASIAN], [Race.ASIAN, Race.WHITE], [Race.NOT_ASKED]])
def test_an_answer_or_a_reason_for_none_is_accepted(answer: list[Race]) -> None:
    rules.check_races(answer)


@pytest.mark.parametrize(
    "answer",
    [[], [Race.NOT_ASKED, Race.WHITE], [Race.NOT_ASKED, Race.PREFERS_NOT_TO_ANSWER]],
)
def test_a_reason_for_no_answer_stands_alone(answer: list[Race]) -> None:
    with pytest.raises(RuleError):
        rules.check_races(answer)


def test_not_asked_declined_and_unknown_stand_apart_everywhere() -> None:
    for enum in (Race, rules.Sex, rules.GenderIdentity, rules.YesNo, rules.AnswerState):
        assert {each.value for each in enum} >= rules.NO_ANSWER


@pytest.mark.parametrize("role", list(Role))
def test_only_case_managers_and_supervisors_write_and_never_by_a_release(role: Role) -> None:
    access = rules.writing_access(role, Category.CASE_NOTES, "a|o|r|*")
    assert access == {Role.CM: "ao", Role.SUP: "o"}.get(role, "")


def test_who_may_not_read_may_not_write() -> None:
    assert rules.writing_access(Role.CM, Category.CASE_NOTES, "") == ""
