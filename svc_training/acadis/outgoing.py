"""Every SQL statement about what goes out: places asked for and given up, training reported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from infra import clock
from infra.database import WriteSession
from svc_training.acadis.provider import Event
from svc_training.acadis.repository import GIVEN_UP, HOLDS_A_PLACE
from svc_training.acadis.tables import ExchangeEnrollment, ExchangeEvent, ExchangeRoster
from svc_training.assignments.tables import Assignment
from svc_training.catalogue.tables import Course
from svc_training.personnel.tables import Personnel
from svc_training.results.tables import OutsideTraining, OutsideTrainingPerson
from svc_training.sessions.tables import Session

ASKED = "ASKED"
OPEN = "OPEN"
CANCELLED = "CANCELLED"
CANCEL_REFUSED = "CANCEL_REFUSED"
_MAY_HOLD_A_PLACE = (ASKED, "REGISTERED", "WAITLISTED", "ALREADY_ENROLLED")
_WANTS_NO_PLACE = ("ASSIGNED", "NOTIFIED", "DENIED", *GIVEN_UP)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A place that is asked for; ``given_up`` counts how often it was given up before."""

    assignment_id: UUID
    person: str
    session_number: str
    given_up: int


@dataclass(frozen=True, slots=True)
class Unwanted:
    """A place that is given up."""

    assignment_id: UUID
    personnel_id: UUID
    agency_id: str
    person: str
    session_number: str
    status: str


@dataclass(frozen=True, slots=True)
class Reported:
    """Training completed elsewhere that is reported; ``unknown`` are people without an id there."""

    id: UUID
    agency_id: str
    event: Event
    people: Mapping[UUID, str]
    unknown: Sequence[UUID]


async def to_enroll(session: WriteSession, limit: int) -> list[Wanted]:
    """Return registrations that the provider is to be told of.

    They are noted as asked for before they are: whoever is cancelled meanwhile is cancelled there
    too, whether or not the answer came back.
    """
    before, former, same = aliased(ExchangeEnrollment), aliased(Assignment), aliased(Personnel)
    given_up = (
        select(func.count())
        .select_from(before)
        .join(former, former.id == before.assignment_id)
        .join(same, same.id == former.personnel_id)
        .where(
            before.state == CANCELLED,
            former.session_id == Assignment.session_id,
            same.external_id == Personnel.external_id,
        )
        .scalar_subquery()
    )
    rows = await session.execute(
        select(Assignment.id, Personnel.external_id, Session.number, given_up)
        .join(Personnel, Personnel.id == Assignment.personnel_id)
        .join(Session, Session.id == Assignment.session_id)
        .outerjoin(ExchangeEnrollment, ExchangeEnrollment.assignment_id == Assignment.id)
        .where(
            Assignment.status == "REGISTERED",
            Personnel.external_id.is_not(None),
            or_(ExchangeEnrollment.id.is_(None), ExchangeEnrollment.state.in_((OPEN, ASKED))),
        )
        .order_by(Assignment.assigned_at, Assignment.id)
        .limit(limit)
    )
    wanted = [Wanted(row[0], row[1] or "", row[2], row[3]) for row in rows]
    await put_enrollments(session, [each.assignment_id for each in wanted], ASKED)
    return wanted


async def to_cancel(session: WriteSession, since: datetime, limit: int) -> list[Unwanted]:
    """Return places that we have given up and the provider may still hold.

    A place is the person's: while another assignment wants it, also another agency's, it stays.
    Sessions that were over before a time are left to the academy.
    """
    other, same = aliased(Assignment), aliased(Personnel)
    is_wanted = (
        select(other.id)
        .join(same, same.id == other.personnel_id)
        .where(
            other.session_id == Assignment.session_id,
            same.external_id == Personnel.external_id,
            other.status.not_in(_WANTS_NO_PLACE),
        )
        .exists()
    )
    state = ExchangeEnrollment.state
    rows = await session.execute(
        select(
            Assignment.id, Personnel.id, Personnel.agency_id, Personnel.external_id,
            Session.number, Assignment.status,
        )
        .join(Personnel, Personnel.id == Assignment.personnel_id)
        .join(Session, Session.id == Assignment.session_id)
        .outerjoin(ExchangeEnrollment, ExchangeEnrollment.assignment_id == Assignment.id)
        .outerjoin(
            ExchangeRoster,
            and_(
                ExchangeRoster.person_external_id == Personnel.external_id,
                ExchangeRoster.session_number == Session.number,
            ),
        )
        .where(
            Assignment.status.in_(GIVEN_UP),
            Personnel.external_id.is_not(None),
            Session.ends_at > since,
            or_(
                state.in_(_MAY_HOLD_A_PLACE),
                and_(
                    func.coalesce(state, OPEN).not_in((CANCELLED, CANCEL_REFUSED)),
                    ExchangeRoster.status.in_(HOLDS_A_PLACE),
                ),
            ),
            ~is_wanted,
        )
        .order_by(Assignment.updated_at, Assignment.id)
        .limit(limit)
    )  # fmt: skip
    return [Unwanted(row[0], row[1], row[2], row[3] or "", row[4], row[5]) for row in rows]


async def put_enrollments(
    session: WriteSession, assignment_ids: Sequence[UUID], state: str, *, by: str = "acadis"
) -> None:
    """Keep how far the provider was asked, or what it said, of these assignments."""
    if not assignment_ids:
        return
    now = clock.now()
    rows: list[dict[str, Any]] = [
        {
            "id": uuid4(), "assignment_id": each, "state": state, "tries": 1,
            "requested_by": by, "updated_at": now,
        }
        for each in assignment_ids
    ]  # fmt: skip
    tries = ExchangeEnrollment.tries + (1 if state == ASKED else 0)
    await session.execute(
        insert(ExchangeEnrollment)
        .values(rows)
        .on_conflict_do_update(
            index_elements=["assignment_id"],
            set_={"state": state, "tries": tries, "updated_at": now},
        )
    )


async def to_report(session: WriteSession, limit: int) -> list[Reported]:
    """Return approved training elsewhere that was not reported; noted as asked for before it is.

    Nothing that a second person has not approved goes out, nor a report about nobody whom the
    provider knows: it waits until somebody in it has an id there.
    """
    known = (
        select(OutsideTrainingPerson.outside_training_id)
        .join(Personnel, Personnel.id == OutsideTrainingPerson.personnel_id)
        .where(Personnel.external_id.is_not(None))
    )
    found = await session.execute(
        select(OutsideTraining, Course.number)
        .outerjoin(Course, Course.id == OutsideTraining.course_id)
        .outerjoin(ExchangeEvent, ExchangeEvent.outside_training_id == OutsideTraining.id)
        .where(
            OutsideTraining.status == "APPROVED",
            OutsideTraining.id.in_(known),
            or_(ExchangeEvent.id.is_(None), ExchangeEvent.state == ASKED),
        )
        .order_by(OutsideTraining.submitted_at, OutsideTraining.id)
        .limit(limit)
    )
    reports = [(row[0], row[1]) for row in found]
    people = await _people_of(session, [row.id for row, _ in reports])
    told: list[Reported] = []
    for row, course_number in reports:
        ids = {who: external for who, external in people[row.id] if external}
        unknown = [who for who, external in people[row.id] if not external]
        event = Event(
            row.title, row.description, course_number, row.starts_on, row.ends_on, row.category,
            row.hours, row.instruction_provider, list(ids.values()),
        )  # fmt: skip
        told.append(Reported(row.id, row.agency_id, event, ids, unknown))
        await _ask_event(session, row.id)
    return told


async def _people_of(
    session: WriteSession, report_ids: Sequence[UUID]
) -> dict[UUID, list[tuple[UUID, str | None]]]:
    rows = await session.execute(
        select(OutsideTrainingPerson.outside_training_id, Personnel.id, Personnel.external_id)
        .join(Personnel, Personnel.id == OutsideTrainingPerson.personnel_id)
        .where(OutsideTrainingPerson.outside_training_id.in_(report_ids))
        .order_by(Personnel.external_id, Personnel.id)
    )
    found: dict[UUID, list[tuple[UUID, str | None]]] = {each: [] for each in report_ids}
    for report_id, personnel_id, external_id in rows:
        found[report_id].append((personnel_id, external_id))
    return found


async def _ask_event(session: WriteSession, report_id: UUID) -> None:
    now = clock.now()
    await session.execute(
        insert(ExchangeEvent)
        .values(id=uuid4(), outside_training_id=report_id, state=ASKED, tries=1, updated_at=now)
        .on_conflict_do_update(
            index_elements=["outside_training_id"],
            set_={"tries": ExchangeEvent.tries + 1, "updated_at": now},
        )
    )


async def put_event(session: WriteSession, report_id: UUID, state: str) -> None:
    """Keep what the provider said to a report."""
    await session.execute(
        update(ExchangeEvent)
        .where(ExchangeEvent.outside_training_id == report_id)
        .values(state=state, updated_at=clock.now())
        .execution_options(synchronize_session=False)
    )
