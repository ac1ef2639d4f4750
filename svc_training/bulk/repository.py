"""Every SQL statement about batches of assignments; a batch is seen by its own agency."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, false, select, text
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import joinedload
from sqlalchemy.types import BigInteger, String, Uuid

from infra.authority import expression
from infra.database import AnySession, ReadSession, WriteSession
from infra.identity_token import Caller
from infra.owner_pages import Order, PageRequest, page
from infra.pagination import Page
from infra.vocabulary import Basis, Category
from svc_training.bulk.rules import BatchStatus
from svc_training.bulk.tables import AssignmentBatch, BatchPerson
from svc_training.sessions.tables import Session

ORDER = Order((AssignmentBatch.requested_at, AssignmentBatch.id), is_descending=True)
PERSON_ORDER = Order((BatchPerson.position,))


def _of_readable_agency(caller: Caller) -> ColumnElement[bool]:
    alternatives = expression.parse(caller.access.get(Category.TRAINING, ""))
    if any(part <= {Basis.OWN_AGENCY, Basis.ANY} for part in alternatives):
        return AssignmentBatch.agency_id == caller.agency_id
    return false()


def _with_session() -> Select[AssignmentBatch]:
    return select(AssignmentBatch).options(
        joinedload(AssignmentBatch.session, innerjoin=True).joinedload(
            Session.course, innerjoin=True
        )
    )


async def page_of_batches(
    session: ReadSession, caller: Caller, request: PageRequest
) -> Page[AssignmentBatch]:
    """Return the own agency's batches, newest first."""
    rows = _with_session().where(_of_readable_agency(caller))
    return await page(session, rows, ORDER, request)


async def batch_by_id(
    session: AnySession, caller: Caller, batch_id: UUID
) -> AssignmentBatch | None:
    """Return a batch of the own agency."""
    rows = _with_session().where(AssignmentBatch.id == batch_id, _of_readable_agency(caller))
    return await session.scalar(rows)


async def page_of_people(
    session: ReadSession, caller: Caller, request: PageRequest, batch_id: UUID
) -> Page[BatchPerson]:
    """Return the people of a batch of the own agency, in the order asked for."""
    own = select(AssignmentBatch.id).where(
        AssignmentBatch.id == batch_id, _of_readable_agency(caller)
    )
    rows = select(BatchPerson).where(BatchPerson.batch_id.in_(own))
    return await page(session, rows, PERSON_ORDER, request)


async def add(session: WriteSession, batch: AssignmentBatch, personnel_ids: Sequence[str]) -> None:
    """Store a new batch with its people."""
    session.add(batch)
    await session.flush()
    rows = [
        {"batch_id": batch.id, "position": number, "personnel_id": each}
        for number, each in enumerate(personnel_ids)
    ]
    await session.execute(insert(BatchPerson), rows)


async def lock(session: WriteSession, batch_id: UUID) -> None:
    """Make a chunk and an undo of one batch wait for each other."""
    await session.execute(
        select(AssignmentBatch.id).where(AssignmentBatch.id == batch_id).with_for_update()
    )


async def next_running(session: WriteSession) -> AssignmentBatch | None:
    """Return a batch that has more to do, locked against other workers."""
    return await session.scalar(
        _with_session()
        .where(AssignmentBatch.status == BatchStatus.RUNNING.value)
        .order_by(AssignmentBatch.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=AssignmentBatch)
    )


async def waiting(session: WriteSession, batch_id: UUID, limit: int) -> list[BatchPerson]:
    """Return the next people of a batch who have no outcome."""
    rows = await session.scalars(
        select(BatchPerson)
        .where(BatchPerson.batch_id == batch_id, BatchPerson.outcome.is_(None))
        .order_by(BatchPerson.position)
        .limit(limit)
    )
    return list(rows)


_SETTLE = text(
    "update assignment_batch_person p set outcome = v.outcome, assignment_id = v.assignment_id"
    " from unnest(:positions, :outcomes, :assignments) as v (position, outcome, assignment_id)"
    " where p.batch_id = :batch and p.position = v.position"
).bindparams(
    bindparam("positions", type_=ARRAY(BigInteger)),
    bindparam("outcomes", type_=ARRAY(String)),
    bindparam("assignments", type_=ARRAY(Uuid)),
    bindparam("batch", type_=Uuid),
)


async def settle(
    session: WriteSession, batch_id: UUID, outcomes: Sequence[tuple[int, str, UUID | None]]
) -> None:
    """Store what became of people: position, outcome, assignment."""
    await session.execute(
        _SETTLE,
        {
            "batch": batch_id,
            "positions": [each[0] for each in outcomes],
            "outcomes": [each[1] for each in outcomes],
            "assignments": [each[2] for each in outcomes],
        },
    )
