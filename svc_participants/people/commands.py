"""Commands about the person. Who may: ``rules.WRITE_GROUNDS``; anyone else finds nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any
from uuid import UUID

from infra import clock
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.vocabulary import Category
from svc_participants.people import repository, rules
from svc_participants.people.tables import ContactRow, DemographicsRow


@dataclass(frozen=True, slots=True)
class Contact:
    """Where a person can be reached."""

    phone: str | None = None
    usual_places: list[str] = field(default_factory=list)
    emergency_name: str | None = None
    emergency_relation: str | None = None
    emergency_phone: str | None = None
    is_confidential: bool = False


@dataclass(frozen=True, slots=True)
class Demographics:
    """A person's answers, as a whole; ``is_language_said`` where the language was spoken of."""

    race: list[rules.Race]
    sex: rules.Sex
    gender_identity: rules.GenderIdentity
    preferred_language: str | None
    language_state: rules.AnswerState
    veteran: rules.YesNo
    disability: rules.YesNo
    is_language_said: bool = True


async def require_writable(
    session: WriteSession, caller: Caller, category: Category, participant_id: str
) -> UUID:
    """Return the id of a participant about whom the caller may write a category.

    Raises:
        RuleError: absent, hidden, or not the caller's to write about; all three alike.
    """
    parsed = parse_id(participant_id)
    if parsed is None or not await repository.writable(session, caller, category, parsed):
        raise rules.not_found("participantId")
    return parsed


async def update_contact(
    session: WriteSession,
    caller: Caller,
    participant_id: str,
    expected_version: int,
    said: Mapping[str, Any],
) -> dict[str, Any]:
    """Change a participant's contact: what was not said stays, above all that it is confidential.

    Args:
        session: the transaction.
        caller: assigned case manager, or supervisor of the own agency.
        participant_id: whose contact.
        expected_version: version that the client saw, 0 when there was none yet.
        said: new values of attributes of ``Contact``.

    Raises:
        RuleError: NOT_FOUND or VERSION_CONFLICT.
    """
    found = await require_writable(session, caller, Category.CONTACT, participant_id)
    row = await repository.contact_for_update(session, found)
    rules.check_version(expected_version, row.version if row else 0)
    before = Contact()
    if row is None:
        row = ContactRow(participant_id=found, version=0)
        session.add(row)
    else:
        before = Contact(**{each.name: getattr(row, each.name) for each in fields(Contact)})
    contact = replace(before, **said)
    texts = (contact.phone, contact.emergency_name, contact.emergency_relation)
    rules.check_contact((*texts, contact.emergency_phone), contact.usual_places)
    for each in fields(Contact):
        setattr(row, each.name, getattr(contact, each.name))
    row.updated_at = clock.now()
    row.version += 1
    return {"participant": str(found)}


async def record_demographics(
    session: WriteSession,
    caller: Caller,
    participant_id: str,
    expected_version: int,
    answers: Demographics,
) -> dict[str, Any]:
    """Record what a participant said about themself.

    The language stays where nobody spoke of it and the question still has an answer.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT, or answers that contradict each other.
    """
    found = await require_writable(session, caller, Category.DEMOGRAPHICS, participant_id)
    rules.check_races(answers.race)
    row = await repository.demographics_for_update(session, found)
    rules.check_version(expected_version, row.version if row else 0)
    if row is None:
        row = DemographicsRow(participant_id=found, version=0)
        session.add(row)
    row.race = [each.value for each in answers.race]
    row.sex = answers.sex.value
    row.gender_identity = answers.gender_identity.value
    if answers.is_language_said:
        row.preferred_language = answers.preferred_language
    elif answers.language_state is not rules.AnswerState.ANSWERED:
        row.preferred_language = None
    row.language_state = answers.language_state.value
    row.veteran = answers.veteran.value
    row.disability = answers.disability.value
    row.updated_at = clock.now()
    row.version += 1
    return {"participant": str(found)}


def own_agency(caller: Caller) -> UUID:
    """Return the caller's agency, which keeps the records that the caller writes.

    Raises:
        RuleError: the caller acts under no agency; nothing can be written then.
    """
    agency = parse_id(caller.agency_id)
    if agency is None:
        raise rules.not_found("participantId")
    return agency
