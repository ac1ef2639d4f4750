"""Where an assessment stands, which answers an instrument takes, and what they add up to. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from infra.errors import RuleError
from infra.vocabulary import Category
from svc_participants.care.assessments.instruments import Instrument, Item, ItemKind
from svc_participants.people.rules import AnswerState

MAX_TEXT = 4_000


class AssessmentState(StrEnum):
    """Where an assessment stands."""

    DRAFT = "DRAFT"
    SIGNED = "SIGNED"
    ENTERED_IN_ERROR = "ENTERED_IN_ERROR"


STATE_MEANINGS = {
    AssessmentState.DRAFT: "Being worked on.",
    AssessmentState.SIGNED: "Whole, and signed by who took it or a supervisor.",
    AssessmentState.ENTERED_IN_ERROR: "Never meant; kept, and counted nowhere.",
}

STEPS: dict[AssessmentState, frozenset[AssessmentState]] = {
    AssessmentState.DRAFT: frozenset(
        {AssessmentState.DRAFT, AssessmentState.SIGNED, AssessmentState.ENTERED_IN_ERROR}
    ),
    AssessmentState.SIGNED: frozenset({AssessmentState.DRAFT, AssessmentState.ENTERED_IN_ERROR}),
    AssessmentState.ENTERED_IN_ERROR: frozenset(),
}
"""What may follow on each state. Answering anew makes a draft of it, also of a signed one; the
signed wording stays in the history."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as given: one of choices, a number or a text, or why there is none."""

    item: str
    state: AnswerState = AnswerState.ANSWERED
    choices: tuple[str, ...] = ()
    number: int | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """A score: its points and what they mean, None while a question is without answer."""

    key: str
    title: str
    category: Category
    points: int | None
    meaning: str | None


def check_answers(instrument: Instrument, answers: Collection[Answer]) -> None:
    """Check answers against the version of the instrument that they are given under.

    Raises:
        RuleError: a question that there is not, twice, or an answer that it does not take.
    """
    items = instrument.items()
    seen: set[str] = set()
    for answer in answers:
        item = items.get(answer.item)
        if item is None:
            raise _wrong(answer.item, "is no question of this version")
        if answer.item in seen:
            raise _wrong(answer.item, "is answered twice")
        seen.add(answer.item)
        _check_answer(item, answer)


def _check_answer(item: Item, answer: Answer) -> None:
    given = {
        ItemKind.CHOICE: bool(answer.choices),
        ItemKind.NUMBER: answer.number is not None,
        ItemKind.TEXT: answer.text is not None,
    }
    is_many = item.kind is ItemKind.CHOICES
    wanted = ItemKind.CHOICE if is_many else item.kind
    if answer.state is not AnswerState.ANSWERED:
        if any(given.values()):
            raise _wrong(item.key, "has an answer and a reason for having none")
        return
    if not given[wanted] or any(value for kind, value in given.items() if kind is not wanted):
        raise _wrong(item.key, f"takes an answer of the kind {item.kind.value}")
    codes = {each.code for each in item.options}
    if not set(answer.choices) <= codes or len(set(answer.choices)) < len(answer.choices):
        raise _wrong(item.key, f"takes {', '.join(sorted(codes))}")
    if item.kind is ItemKind.CHOICE and len(answer.choices) > 1:
        raise _wrong(item.key, "takes one choice")
    if answer.number is not None and not (item.least or 0) <= answer.number <= (item.most or 0):
        raise _wrong(item.key, f"takes {item.least} to {item.most}")
    if answer.text is not None and not 1 <= len(answer.text.strip()) <= MAX_TEXT:
        raise _wrong(item.key, f"takes 1 to {MAX_TEXT} characters")


def check_whole(instrument: Instrument, states: Mapping[str, str]) -> None:
    """Check that every question that must be asked has been.

    Args:
        instrument: the version that was used.
        states: state of each answer, by question. "Prefers not to answer" is an answer.

    Raises:
        RuleError: ANSWER_MISSING, with the questions.
    """
    asked = {key for key, state in states.items() if state != AnswerState.NOT_ASKED.value}
    missing = [key for key, item in instrument.items().items() if item.is_required]
    missing = [key for key in missing if key not in asked]
    if missing:
        raise RuleError("ANSWER_MISSING", f"Not asked yet: {', '.join(missing)}.", ("input",))


def scores_of(instrument: Instrument, answers: Collection[Answer]) -> list[Sum]:
    """Return every score of the instrument over answers that have been checked."""
    items = instrument.items()
    given = {each.item: each for each in answers if each.state is AnswerState.ANSWERED}
    sums = []
    for score in instrument.scores:
        found = [given.get(key) for key in score.items]
        points = None
        if all(found):
            points = sum(
                items[each.item].points(each.choices, each.number) for each in found if each
            )
        meaning = None if points is None else score.meaning(points)
        sums.append(Sum(score.key, score.title, score.category, points, meaning))
    return sums


def _wrong(item: str, why: str) -> RuleError:
    return RuleError("ANSWER_NOT_ACCEPTED", f"{item} {why}.", ("input", "answers"))


def check_intake(*, is_signed: bool) -> None:
    """Check that the psychosocial intake is there; an intake and a release are all LEAD asks for.

    Source: LEAD Support Bureau, as for ``enrollments.rules.check_release``.

    Raises:
        RuleError: the own agency has none that was taken by then and is signed.
    """
    if not is_signed:
        raise RuleError(
            "INTAKE_INCOMPLETE",
            "No psychosocial intake that was taken by this day is signed: record it"
            " (recordAssessment) and sign it (signAssessment) first.",
            ("input", "intakeCompletedOn"),
        )


def unknown_instrument() -> RuleError:
    """Return the refusal of an instrument or version that there is not."""
    return RuleError(
        "INSTRUMENT_UNKNOWN", "See assessmentInstruments for what there is.", ("input",)
    )
