"""GraphQL of assessments and of the instruments that they are taken by."""

from datetime import date, datetime
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.command_edge import Outcome
from infra.entity_references import parse_id
from infra.mutation_result import UserError
from infra.pagination import Connection
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_participants.care.assessments import commands, instruments, repository, rules
from svc_participants.care.assessments.shelf import SHELF
from svc_participants.care.presenting import (
    KEY,
    SEEN_VERSION,
    STRUCTURE,
    VERSION,
    KeptFields,
    carried_out,
    now_seen,
    paged,
    shown,
)
from svc_participants.people.repository import StaffNames
from svc_participants.people.rules import AnswerState
from svc_participants.people.schema import INPUT

_PSYCHOSOCIAL = [category(Category.PSYCHOSOCIAL)]
_CATALOGUE = [category(Category.CATALOGUE)]

described_enum(rules.AssessmentState, "Where an assessment stands.", rules.STATE_MEANINGS)
described_enum(
    instruments.ItemKind,
    "What sort of answer a question takes.",
    {
        instruments.ItemKind.CHOICE: "One of its options.",
        instruments.ItemKind.CHOICES: "Any of its options.",
        instruments.ItemKind.NUMBER: "A whole number.",
        instruments.ItemKind.TEXT: "A text.",
    },
)


@strawberry.type(directives=_CATALOGUE, description="An answer to choose.")
class InstrumentOption:
    """An option."""

    code: str = strawberry.field(description="What to give as answer.")
    text: str = strawberry.field(description="What it says.")
    points: int | None = strawberry.field(description="Points where a score counts it.")


@strawberry.type(directives=_CATALOGUE, description="A question.")
class InstrumentItem:
    """A question."""

    key: str = strawberry.field(description="What to give as `item`.")
    text: str = strawberry.field(description="The question.")
    kind: instruments.ItemKind = strawberry.field(description="What sort of answer it takes.")
    required: bool = strawberry.field(description="Whether it must be asked before signing.")
    least: int | None = strawberry.field(description="Least number.")
    most: int | None = strawberry.field(description="Greatest number.")
    options: list[InstrumentOption] = strawberry.field(description="Answers to choose from.")


@strawberry.type(directives=_CATALOGUE, description="Questions that tell of the same.")
class InstrumentSection:
    """A section."""

    key: str = strawberry.field(description="Its key.")
    title: str = strawberry.field(description="Its title.")
    category: str = strawberry.field(description="Category that its answers need.")
    items: list[InstrumentItem] = strawberry.field(description="Its questions.")


@strawberry.type(directives=_CATALOGUE, description="One version of an instrument.")
class AssessmentInstrument:
    """An instrument."""

    key: str = strawberry.field(description="Its key.")
    version: int = strawberry.field(description="Its version.")
    title: str = strawberry.field(description="Its title.")
    source: str = strawberry.field(description="Where it comes from, and who may use it.")
    sections: list[InstrumentSection] = strawberry.field(description="Its sections.")


@strawberry.type(directives=_PSYCHOSOCIAL, description="An answer.")
class AssessmentAnswer:
    """An answer that the caller may see."""

    wording: int | None = strawberry.field(description="Wording that it belongs to.")
    item: str | None = strawberry.field(description="Key of the question.")
    question: str | None = strawberry.field(description="The question as it was asked.")
    category: str | None = strawberry.field(description="Category that the answer needs.")
    state: AnswerState | None = strawberry.field(description="Whether there is an answer.")
    choices: list[str] | None = strawberry.field(description="Codes that were chosen.")
    number: int | None = strawberry.field(description="The number.")
    text: str | None = strawberry.field(description="The text.")


@strawberry.type(directives=_PSYCHOSOCIAL, description="A score, computed as the instrument says.")
class AssessmentScore:
    """A score that the caller may see."""

    key: str | None = strawberry.field(description="Its key.")
    title: str | None = strawberry.field(description="Its title.")
    points: int | None = strawberry.field(description="Null while a question has no answer.")
    meaning: str | None = strawberry.field(description="What the points mean.")


@strawberry.type(
    directives=[category(Category.PSYCHOSOCIAL), about("participantId")],
    description="An assessment. Each answer needs its section's category besides.",
)
class Assessment(KeptFields):
    """An assessment that the caller may see."""

    instrument: str | None = strawberry.field(description="Key of the instrument.")
    instrument_version: int | None = strawberry.field(description="Its version.")
    taken_on: date | None = strawberry.field(description="On which day.")
    state: rules.AssessmentState | None = strawberry.field(description="Where it stands.")
    wording: int | None = strawberry.field(description="How often it was answered, from 1.")
    signed_at: datetime | None = strawberry.field(description="When it was signed.")
    version: int = strawberry.field(description=VERSION, directives=STRUCTURE)

    @strawberry.field(description="Who signed it.")
    async def signed_by_name(self, info: Info) -> str | None:
        """Return the signer's name."""
        signer = self.row.signed_by
        return None if signer is None else await context_of(info).loader(StaffNames).of(signer)

    @strawberry.field(description="The answers as they stand.")
    async def answers(self, info: Info) -> list[AssessmentAnswer] | None:
        """Return the newest answers."""
        found = await context_of(info).loader(repository.AnswersLoader).load(self.row.id)
        return [
            _answer_of(self.row, each) for each in found or () if each.wording == self.row.wording
        ]

    @strawberry.field(description="Earlier answers, the newest wording first.")
    async def earlier_answers(self, info: Info) -> list[AssessmentAnswer] | None:
        """Return what was answered before."""
        found = await context_of(info).loader(repository.AnswersLoader).load(self.row.id)
        return [
            _answer_of(self.row, each) for each in found or () if each.wording < self.row.wording
        ]

    @strawberry.field(description="The scores as they stand.")
    async def scores(self, info: Info) -> list[AssessmentScore] | None:
        """Return the newest scores."""
        found = await context_of(info).loader(repository.ScoresLoader).load(self.row.id)
        return [
            shown(AssessmentScore, each) for each in found or () if each.wording == self.row.wording
        ]


def _answer_of(assessment: Any, row: Any) -> AssessmentAnswer:
    instrument = SHELF.all().get((assessment.instrument, assessment.instrument_version))
    item = None if instrument is None else instrument.items().get(row.item)
    return shown(AssessmentAnswer, row, question=None if item is None else item.text)


def assessment_of(row: Any) -> Assessment:
    """Return the GraphQL object of an assessment."""
    return shown(Assessment, row)


@strawberry.type
class AssessmentFields:
    """What assessments add to ``Participant``; put there by ``subgraph``."""

    assessments: Connection[Assessment] | None = paged(
        Assessment,
        name="Participant.assessments",
        pages=repository.AssessmentsOfParticipant,
        node=assessment_of,
        of=Category.PSYCHOSOCIAL,
        description="Assessments by the day on which they were taken.",
        only=("state", rules.AssessmentState, "Only those that stand here."),
    )


def _instrument_of(each: instruments.Instrument) -> AssessmentInstrument:
    return AssessmentInstrument(
        key=each.key,
        version=each.version,
        title=each.title,
        source=each.source,
        sections=[
            InstrumentSection(
                key=section.key,
                title=section.title,
                category=section.category.value,
                items=[
                    InstrumentItem(
                        key=item.key,
                        text=item.text,
                        kind=item.kind,
                        required=item.is_required,
                        least=item.least,
                        most=item.most,
                        options=[
                            InstrumentOption(code=o.code, text=o.text, points=o.points)
                            for o in item.options
                        ],
                    )
                    for item in section.items
                ],
            )
            for section in each.sections
        ],
    )


@strawberry.type(directives=STRUCTURE, description="Reading about assessments.")
class AssessmentQuery:
    """Root fields about assessments."""

    @strawberry.field(
        description="Every version of every instrument that your site uses, by key.",
        directives=_CATALOGUE,
    )
    def assessment_instruments(self, info: Info) -> list[AssessmentInstrument] | None:
        """Return the instruments."""
        site_id = parse_id(context_of(info).caller.site_id)
        offered = SHELF.at(site_id)
        return [_instrument_of(offered[each]) for each in sorted(offered)]


@strawberry.input(description="An answer, or why there is none.")
class AssessmentAnswerInput:
    """An answer."""

    item: str = strawberry.field(description="Key of the question.")
    state: AnswerState = strawberry.field(
        default=AnswerState.ANSWERED, description="Whether there is an answer."
    )
    choices: list[str] = strawberry.field(
        default_factory=list, description="Codes that were chosen."
    )
    number: int | None = strawberry.field(default=None, description="The number.")
    text: str | None = strawberry.field(default=None, description="The text.")


@strawberry.input(description="An assessment; a part of the answers is enough to begin.")
class RecordAssessmentInput:
    """Input of ``recordAssessment``."""

    participant_id: strawberry.ID = strawberry.field(description="Whom it is about.")
    idempotency_key: str = strawberry.field(description=KEY)
    instrument: str = strawberry.field(description="Key of the instrument.")
    instrument_version: int = strawberry.field(description="Its version.")
    taken_on: date = strawberry.field(description="On which day.")
    answers: list[AssessmentAnswerInput] = strawberry.field(description="The answers.")


@strawberry.input(description="New answers; the others are taken over.")
class ReviseAssessmentInput:
    """Input of ``reviseAssessment``."""

    assessment_id: strawberry.ID = strawberry.field(description="Which assessment.")
    expected_version: int = strawberry.field(description=SEEN_VERSION)
    idempotency_key: str = strawberry.field(description=KEY)
    answers: list[AssessmentAnswerInput] = strawberry.field(description="The answers.")


@strawberry.input(description="A signature under an assessment.")
class SignAssessmentInput:
    """Input of ``signAssessment``."""

    assessment_id: strawberry.ID = strawberry.field(description="Which assessment.")
    expected_version: int = strawberry.field(description=SEEN_VERSION)
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.input(description="An assessment that was never meant.")
class EnterAssessmentInErrorInput:
    """Input of ``enterAssessmentInError``."""

    assessment_id: strawberry.ID = strawberry.field(description="Which assessment.")
    expected_version: int = strawberry.field(description=SEEN_VERSION)
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.type(directives=STRUCTURE, description="Result of a change to an assessment.")
class AssessmentPayload:
    """Payload with the assessment as it is now."""

    assessment: Assessment | None = strawberry.field(description="The assessment as now.")
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


def _answers(given: list[AssessmentAnswerInput]) -> tuple[rules.Answer, ...]:
    return tuple(
        rules.Answer(each.item, each.state, tuple(each.choices), each.number, each.text)
        for each in given
    )


async def _payload(info: Info, outcome: Outcome) -> AssessmentPayload:
    row = await now_seen(info, outcome, "assessment", repository.AssessmentLoader)
    return AssessmentPayload(
        assessment=None if row is None else assessment_of(row), user_errors=outcome.user_errors
    )


@strawberry.type(directives=STRUCTURE, description="Changes to assessments.")
class AssessmentMutation:
    """Mutations about assessments."""

    @strawberry.mutation(description="Record an assessment as a draft (CM assigned, SUP).")
    async def record_assessment(
        self,
        info: Info,
        input: Annotated[RecordAssessmentInput, INPUT],  # noqa: A002
    ) -> AssessmentPayload:
        """Record an assessment."""
        given = commands.NewAssessment(
            input.participant_id,
            input.instrument,
            input.instrument_version,
            input.taken_on,
            _answers(input.answers),
        )
        outcome = await carried_out(
            info,
            "recordAssessment",
            input,
            lambda session, caller: commands.record_assessment(session, caller, given),
        )
        return await _payload(info, outcome)

    @strawberry.mutation(description="Answer anew; earlier answers stay (CM assigned, SUP).")
    async def revise_assessment(
        self,
        info: Info,
        input: Annotated[ReviseAssessmentInput, INPUT],  # noqa: A002
    ) -> AssessmentPayload:
        """Answer anew."""
        answers = _answers(input.answers)
        outcome = await carried_out(
            info,
            "reviseAssessment",
            input,
            lambda session, caller: commands.revise_assessment(
                session, caller, input.assessment_id, input.expected_version, answers
            ),
        )
        return await _payload(info, outcome)

    @strawberry.mutation(description="Sign an assessment that is whole (CM assigned, SUP).")
    async def sign_assessment(
        self,
        info: Info,
        input: Annotated[SignAssessmentInput, INPUT],  # noqa: A002
    ) -> AssessmentPayload:
        """Sign an assessment."""
        outcome = await carried_out(
            info,
            "signAssessment",
            input,
            lambda session, caller: commands.sign_assessment(
                session, caller, input.assessment_id, input.expected_version
            ),
        )
        return await _payload(info, outcome)

    @strawberry.mutation(description="Mark an assessment that was never meant; it stays.")
    async def enter_assessment_in_error(
        self,
        info: Info,
        input: Annotated[EnterAssessmentInErrorInput, INPUT],  # noqa: A002
    ) -> AssessmentPayload:
        """Mark an assessment as entered in error."""
        outcome = await carried_out(
            info,
            "enterAssessmentInError",
            input,
            lambda session, caller: commands.enter_in_error(
                session, caller, input.assessment_id, input.expected_version
            ),
        )
        return await _payload(info, outcome)
