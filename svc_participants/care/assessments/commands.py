"""Commands about assessments. Assigned case manager, supervisor of the own agency."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from infra import clock
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.vocabulary import Category
from svc_participants.care.assessments import repository, rules
from svc_participants.care.assessments.digests import digest_of
from svc_participants.care.assessments.instruments import Instrument
from svc_participants.care.assessments.shelf import SHELF
from svc_participants.care.assessments.tables import (
    AssessmentAnswerRow,
    AssessmentRow,
    AssessmentScoreRow,
)
from svc_participants.care.keeping import check_step, keeper, locked
from svc_participants.care.notes.rules import check_day
from svc_participants.people.commands import require_writable
from svc_participants.people.rules import check_version
from svc_participants.people.site_days import today_at


@dataclass(frozen=True, slots=True)
class NewAssessment:
    """What an assessment is made of."""

    participant_id: str
    instrument: str
    instrument_version: int
    taken_on: date
    answers: tuple[rules.Answer, ...]


async def record_assessment(
    session: WriteSession, caller: Caller, given: NewAssessment
) -> dict[str, Any]:
    """Begin an assessment; a part of the answers is enough for a draft.

    Raises:
        RuleError: NOT_FOUND, an instrument that the site does not use, or answers that it does
            not take.
    """
    found = await require_writable(session, caller, Category.PSYCHOSOCIAL, given.participant_id)
    site_id = parse_id(caller.site_id)
    instrument = SHELF.offered(site_id, given.instrument, given.instrument_version)
    check_day(given.taken_on, await today_at(session, caller), "takenOn")
    await _keep_what_it_says(session, instrument)
    row = AssessmentRow(
        **keeper(caller, found),
        instrument=instrument.key,
        instrument_version=instrument.version,
        taken_on=given.taken_on,
        state=rules.AssessmentState.DRAFT.value,
        wording=1,
    )
    session.add(row)
    await session.flush()
    await _add_answers(session, caller, row, given.answers)
    return {"assessment": str(row.id)}


async def _keep_what_it_says(session: WriteSession, instrument: Instrument) -> None:
    """Keep what an instrument says when somebody is first assessed by it.

    Raises:
        RuleError: INSTRUMENT_UNKNOWN: another process, with other files, has kept other wording.
    """
    version, digest = (instrument.key, instrument.version), digest_of(instrument)
    await repository.keep_digests(session, {version: digest})
    if (await repository.digests(session))[version] != digest:
        raise rules.unknown_instrument()


async def revise_assessment(
    session: WriteSession,
    caller: Caller,
    assessment_id: str,
    expected_version: int,
    answers: Collection[rules.Answer],
) -> dict[str, Any]:
    """Answer anew; given answers replace earlier ones, the others are taken over.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT, STEP_NOT_ALLOWED, or answers not acceptable.
    """
    row = await _assessment(session, caller, assessment_id, expected_version)
    check_step(rules.STEPS, _state(row), rules.AssessmentState.DRAFT, "assessmentId")
    merged = {each.item: each for each in await repository.answers_of(session, row)}
    instrument = SHELF.taken_by(row.instrument, row.instrument_version)
    rules.check_answers(instrument, answers)
    merged |= {each.item: each for each in answers}
    row.state = rules.AssessmentState.DRAFT.value
    row.signed_at, row.signed_by = None, None
    row.wording += 1
    row.version += 1
    await _add_answers(session, caller, row, list(merged.values()))
    return {"assessment": str(row.id)}


async def sign_assessment(
    session: WriteSession, caller: Caller, assessment_id: str, expected_version: int
) -> dict[str, Any]:
    """Sign an assessment that is whole.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT, STEP_NOT_ALLOWED or ANSWER_MISSING.
    """
    row = await _assessment(session, caller, assessment_id, expected_version)
    check_step(rules.STEPS, _state(row), rules.AssessmentState.SIGNED, "assessmentId")
    answers = await repository.answers_of(session, row)
    instrument = SHELF.taken_by(row.instrument, row.instrument_version)
    rules.check_whole(instrument, {each.item: each.state.value for each in answers})
    row.state = rules.AssessmentState.SIGNED.value
    row.signed_at, row.signed_by = clock.now(), caller.subject
    row.version += 1
    return {"assessment": str(row.id)}


async def enter_in_error(
    session: WriteSession, caller: Caller, assessment_id: str, expected_version: int
) -> dict[str, Any]:
    """Mark an assessment that was never meant, for example of another person.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT or STEP_NOT_ALLOWED.
    """
    row = await _assessment(session, caller, assessment_id, expected_version)
    check_step(rules.STEPS, _state(row), rules.AssessmentState.ENTERED_IN_ERROR, "assessmentId")
    row.state = rules.AssessmentState.ENTERED_IN_ERROR.value
    row.version += 1
    return {"assessment": str(row.id)}


def _state(row: AssessmentRow) -> rules.AssessmentState:
    return rules.AssessmentState(row.state)


async def _assessment(
    session: WriteSession, caller: Caller, assessment_id: str, expected_version: int
) -> AssessmentRow:
    row = await locked(
        session,
        caller,
        AssessmentRow,
        assessment_id,
        seen=repository.assessment_visible,
        category=Category.PSYCHOSOCIAL,
        field="assessmentId",
    )
    check_version(expected_version, row.version)
    return row


async def _add_answers(
    session: WriteSession, caller: Caller, row: AssessmentRow, answers: Collection[rules.Answer]
) -> None:
    instrument = SHELF.taken_by(row.instrument, row.instrument_version)
    rules.check_answers(instrument, answers)
    items = instrument.items()
    for needed in sorted({items[each.item].category for each in answers}):
        await require_writable(session, caller, needed, str(row.participant_id))
    places = {key: place for place, key in enumerate(items)}
    session.add_all(
        AssessmentAnswerRow(
            **_kept(caller, row),
            place=places[each.item],
            item=each.item,
            category=items[each.item].category.value,
            state=each.state.value,
            choices=list(each.choices),
            number=each.number,
            text=each.text,
        )
        for each in answers
    )
    session.add_all(
        AssessmentScoreRow(
            **_kept(caller, row),
            key=each.key,
            title=each.title,
            category=each.category.value,
            points=each.points,
            meaning=each.meaning,
        )
        for each in rules.scores_of(instrument, answers)
    )


def _kept(caller: Caller, row: AssessmentRow) -> dict[str, Any]:
    participant_id: UUID = row.participant_id
    kept = keeper(caller, participant_id)
    return {**kept, "agency_id": row.agency_id, "assessment_id": row.id, "wording": row.wording}
