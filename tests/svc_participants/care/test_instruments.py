"""Instruments are read strictly: whatever is unknown, missing or contradictory is named."""

import tomllib
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import RuleError
from svc_participants.care.assessments import instruments, rules
from svc_participants.care.assessments.instruments import InstrumentError, ItemKind
from svc_participants.care.assessments.rules import Answer
from svc_participants.people.rules import AnswerState

GOOD = (resources.files("svc_participants.care.assessments") / "forms/phq-2-1.toml").read_text()


def test_every_packaged_instrument_is_read_and_its_scores_cover_all_points() -> None:
    for instrument in instruments.packaged().values():
        items = instrument.items()
        for score in instrument.scores:
            spans = [items[key].span() for key in score.items]
            least, most = sum(each[0] for each in spans), sum(each[1] for each in spans)
            assert all(score.meaning(points) for points in range(least, most + 1))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('title = "PHQ-2"', 'title = "PHQ-2"\nsurprise = 1', "unknown surprise"),
        ("version = 1", "version = 0", "version is 1 or more"),
        ("version = 1", 'version = "1"', "version is a whole number"),
        ('category = "MENTAL_HEALTH"', 'category = "CASE_NOTES"', "no category"),
        ('kind = "CHOICE"', 'kind = "PICTURE"', "kind is one of"),
        ('key = "mood"\ntitle', 'key = ""\ntitle', "key is a text"),
        ('code = "1"', 'code = "0"', "option 0 occurs twice"),
        ("least = 3", "least = 4", "gap or overlap"),
        ("most = 6", "most = 5", "bands end at 5"),
        ('items = ["interest", "mood"]', 'items = ["interest", "other"]', "there is not"),
        (', points = 3 }', " }", "without points"),
        ('required = true', 'required = "yes"', "true or false"),
        ('title = "PHQ-2"', "title = ", "Invalid"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_right_is_refused_with_its_place(old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(InstrumentError, match=r"form\.toml") as refused:
        instruments.read(GOOD.replace(old, new, 1), "form.toml")
    assert says in str(refused.value)


def test_the_same_file_unchanged_is_accepted() -> None:
    """The twin of the refusals: nothing but the change makes them."""
    assert instruments.read(GOOD, "form.toml").title == tomllib.loads(GOOD)["title"]


_INTAKE = instruments.packaged()["lead-intake", 1]


@st.composite
def answers(draw: st.DrawFn) -> list[Answer]:
    """Answers, right and wrong ones."""
    found = []
    for key, item in _INTAKE.items().items():
        if draw(st.booleans()):
            continue
        state = draw(st.sampled_from(list(AnswerState)))
        codes = [each.code for each in item.options] + ["?"]
        found.append(
            Answer(
                key,
                state,
                tuple(draw(st.lists(st.sampled_from(codes), max_size=2))),
                draw(st.none() | st.integers(-1, 60)),
                draw(st.none() | st.sampled_from(("", "Words."))),
            )
        )
    return found


@given(answers())
def test_what_is_accepted_can_be_scored(given: list[Answer]) -> None:
    try:
        rules.check_answers(_INTAKE, given)
    except RuleError:
        return
    items = _INTAKE.items()
    for each in given:
        kinds = (bool(each.choices), each.number is not None, each.text is not None)
        assert sum(kinds) == (each.state is AnswerState.ANSWERED)
        if items[each.item].kind is ItemKind.NUMBER and each.number is not None:
            assert (items[each.item].least or 0) <= each.number <= (items[each.item].most or 0)
    answered = {each.item for each in given if each.state is AnswerState.ANSWERED}
    for score, total in zip(_INTAKE.scores, rules.scores_of(_INTAKE, given), strict=True):
        assert (total.points is not None) == (set(score.items) <= answered)
