"""Changes of the counsel of record, and who may work on a participant's legal matters at all."""

from datetime import date, datetime
from uuid import UUID, uuid4

from infra import clock
from infra.authority.changes import VisibilityFact, delete_visibility, put_visibility
from infra.authority.handover import append
from infra.authority.predicate import subject_holder
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError
from infra.vocabulary import Basis, Role
from svc_cases.cases import commands as record
from svc_cases.counsel import repository
from svc_cases.counsel.rules import CASE_WORK_GROUNDS
from svc_cases.counsel.tables import Counsel


def case_work_ground(caller: Caller) -> str:
    """Return the grounds on which this role must hold a participant to work on the legal side.

    Raises:
        CommandError: the role does no such work.
    """
    ground = CASE_WORK_GROUNDS.get(caller.role)
    if ground is None:
        raise CommandError(
            "NOT_ALLOWED", "Only the participant's case manager or supervisor may do this."
        )
    return ground


async def require_participant(
    session: WriteSession, caller: Caller, participant_id: UUID, ground: str, field: str
) -> None:
    """Stop unless the caller holds this participant on this ground.

    Raises:
        CommandError: no such participant, as far as this caller may know.
    """
    if not await repository.holds_participant(session, caller, participant_id, ground):
        raise CommandError("NOT_FOUND", "There is no such participant.", (field,))


def version_conflict(what: str) -> CommandError:
    """Return the refusal "somebody else has changed this since you read it"."""
    return CommandError(
        "VERSION_CONFLICT", f"The {what} has changed; read it again.", ("expectedVersion",)
    )


def counsel_operation(
    counsel_id: UUID, participant_id: UUID, defender: str, starts_at: datetime
) -> dict[str, object]:
    """Return the authority operation "this account is counsel of record of this participant"."""
    return put_visibility(
        VisibilityFact(
            id=counsel_id,
            participant_id=participant_id,
            holder=subject_holder(defender),
            basis=Basis.COUNSEL,
            starts_at=starts_at,
        )
    )


async def record_counsel(
    session: WriteSession,
    caller: Caller,
    *,
    participant_id: UUID,
    defender: str,
    agency_id: str,
    confirmed_on: date,
) -> UUID:
    """Record a defender, who has confirmed it, as counsel of record; returns the entry.

    It counts once ``svc_consent`` has it, and from then on opens what a release opens to counsel.

    Raises:
        CommandError: not allowed, no such participant, or recorded already.
    """
    ground = case_work_ground(caller)
    await require_participant(session, caller, participant_id, ground, "participantId")
    now = clock.now()
    site_id = parse_id(caller.site_id)
    if confirmed_on > await record.latest_day_at_site(session, site_id):
        raise CommandError(
            "NOT_CONFIRMED", "The defender must have confirmed it.", ("confirmedOn",)
        )
    if await repository.present_counsel(session, participant_id, defender) is not None:
        raise CommandError(
            "ALREADY_COUNSEL", "This defender is counsel of record already.", ("defenderAccountId",)
        )
    counsel = Counsel(
        id=uuid4(),
        participant_id=participant_id,
        defender=defender,
        agency_id=agency_id,
        starts_on=await record.today_at_site(session, site_id),
        confirmed_on=confirmed_on,
        recorded_by=caller.subject,
        recorded_at=now,
        version=1,
    )
    session.add(counsel)
    append(session, [counsel_operation(counsel.id, participant_id, defender, now)])
    return counsel.id


async def end_counsel(
    session: WriteSession, caller: Caller, *, counsel_id: UUID, expected_version: int
) -> UUID:
    """End a counsel of record: by who works the case, or by the defender; returns the entry.

    It is acknowledged only after ``svc_consent`` has taken the ground away.

    Raises:
        CommandError: not allowed, no such counsel, or another version.
    """
    ground = None if caller.role is Role.DEF else case_work_ground(caller)
    counsel = await repository.lock_counsel(session, caller, counsel_id)
    missing = CommandError("NOT_FOUND", "There is no such counsel of record.", ("counselId",))
    if counsel is None:
        raise missing
    if ground is None:
        if counsel.defender != caller.subject:
            raise missing
    else:
        await require_participant(session, caller, counsel.participant_id, ground, "counselId")
    if counsel.version != expected_version:
        raise version_conflict("counsel of record")
    counsel.ended_by, counsel.ended_at = caller.subject, clock.now()
    counsel.version += 1
    append(session, [delete_visibility(counsel.id)])
    return counsel.id
