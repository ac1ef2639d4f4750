"""All statements about the person. Each is narrowed by the category of what it returns."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Uuid,
    and_,
    any_,
    bindparam,
    delete,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute
from strawberry.dataloader import DataLoader

from infra.authority import expression
from infra.authority.predicate import agency_of, visible, visible_in_any
from infra.batch_loader import IDS, AnySelect, BatchLoader
from infra.database import AnySession, ReadSession, WriteSession
from infra.identity_token import Caller
from infra.owner_pages import Order
from infra.request_context import RequestContext
from infra.vocabulary import Basis, Category
from svc_participants.people import rules
from svc_participants.people.name_keys import keys_of
from svc_participants.people.tables import (
    AliasRow,
    ContactRow,
    DemographicsRow,
    ParticipantRow,
    PersonKeyRow,
    StaffNameRow,
)

Column = InstrumentedAttribute[Any] | ColumnElement[Any]

BY_CREATION = Order((ParticipantRow.created_at, ParticipantRow.id))
"""Order of lists of people unless another is asked for: when the record began says nothing else."""

CARE_CATEGORIES = (
    Category.IDENTITY,
    Category.CONTACT,
    Category.ENROLLMENT,
    Category.GOALS_PLAN,
    Category.HOUSING,
    Category.CASE_NOTES,
    Category.DEMOGRAPHICS,
)
"""Any of these makes a participant present for a caller. REFERRAL does not: whoever referred
somebody keeps seeing the own form, and learns nothing about the person from it."""

_OWN_RECORDS = frozenset({Basis.ASSIGNMENT, Basis.OWN_AGENCY})


@dataclass(frozen=True, slots=True)
class Seen:
    """A participant who is present for the caller; names only where IDENTITY is permitted."""

    row: ParticipantRow
    may_see_identity: bool


def under(caller: Caller, category: Category, access: str) -> Caller:
    """Return the caller as if the role had only this access expression, for this category."""
    return replace(caller, access=MappingProxyType({category: access}))


def may_write(
    caller: Caller, category: Category, participant_id: Column, *, is_single: bool = False
) -> ColumnElement[bool]:
    """Return the condition "the caller may write this category about this participant now".

    ``is_single`` as in ``visible``: for a row that comes by id.
    """
    access = rules.writing_access(caller.role, category, caller.access.get(category, ""))
    writing = under(caller, category, access)
    return visible(writing, category, participant_id, is_single=is_single)


def holding(
    caller: Caller,
    category: Category,
    participant_id: Column,
    agency_id: Column,
    dated_on: Column | None = None,
) -> ColumnElement[bool]:
    """Return the condition for rows that one agency keeps: notes, goals, housing, summaries.

    Assignment and own agency open the records of the own agency. What another agency keeps about
    the same participant needs a release (decision rules D05, D08), also after a transfer.
    """
    parts = expression.parse(caller.access.get(category, ""))
    own = [part for part in parts if part & _OWN_RECORDS]
    rest = [part for part in parts if not part & _OWN_RECORDS]
    conditions: list[ColumnElement[bool]] = []
    if own:
        ours = under(caller, category, _text(own))
        mine = visible(ours, category, participant_id, dated_on, is_single=True)
        conditions.append(and_(mine, agency_id == agency_of(caller)))
    if rest:
        theirs = under(caller, category, _text(rest))
        conditions.append(visible(theirs, category, participant_id, dated_on, is_single=True))
    return or_(false(), *conditions)


def _text(parts: Sequence[frozenset[Basis]]) -> str:
    return "|".join("".join(sorted(each.value for each in part)) for part in parts)


def present(caller: Caller, participant_id: Column) -> ColumnElement[bool]:
    """Return the condition "this caller may see something about this participant now"."""
    return visible_in_any(caller, CARE_CATEGORIES, participant_id)


class PeopleLoader(BatchLoader[Seen]):
    """Participants by id: those who are present for the caller."""

    def statement(self, caller: Caller) -> AnySelect:
        """Those who are present, and whether their identity is permitted.

        The ids are judged before any row is looked for: whoever is hidden costs PostgreSQL the
        same work as nobody, and the time of an answer does not tell them apart.
        """
        asked = func.unnest(bindparam("ids", type_=ARRAY(Uuid))).column_valued("asked")
        judged = select(asked).where(present(caller, asked)).scalar_subquery()
        may_see = visible(caller, Category.IDENTITY, ParticipantRow.id, is_single=True)
        return select(ParticipantRow, may_see.label("identity")).where(
            ParticipantRow.id == any_(func.array(judged, type_=ARRAY(Uuid)))
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, Seen]:
        """By id."""
        return {row.id: Seen(row, may_see) for row, may_see in rows}


class AliasLoader(BatchLoader[list[AliasRow]]):
    """Other names, by participant."""

    def statement(self, caller: Caller) -> AnySelect:
        """Aliases of those whose identity is permitted."""
        return (
            select(AliasRow)
            .where(
                AliasRow.participant_id == IDS,
                visible(caller, Category.IDENTITY, AliasRow.participant_id, is_single=True),
            )
            .order_by(AliasRow.name, AliasRow.id)
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, list[AliasRow]]:
        """By participant, in order of name."""
        grouped: dict[UUID, list[AliasRow]] = {}
        for (row,) in rows:
            grouped.setdefault(row.participant_id, []).append(row)
        return grouped


_NOT_OF_THE_WORK = frozenset({Basis.RELEASE, Basis.SCREENING, Basis.COUNSEL})


def contact_visible(caller: Caller, participant_id: Column) -> ColumnElement[bool]:
    """Return the condition "this caller may see this contact"; joined to its row.

    Where the person wishes it confidential, only those who work with them see it, they
    themselves, and emergency staff: no release and no screening opens it (decision rule D52).
    """
    parts = expression.parse(caller.access.get(Category.CONTACT, ""))
    own = [part for part in parts if not part & _NOT_OF_THE_WORK]
    protected = visible(
        under(caller, Category.CONTACT, _text(own)),
        Category.CONTACT,
        participant_id,
        is_single=True,
    )
    return or_(
        and_(
            visible(caller, Category.CONTACT, participant_id, is_single=True),
            ContactRow.is_confidential.is_(False),
        ),
        protected,
    )


class ContactLoader(BatchLoader[ContactRow]):
    """Contact, by participant."""

    def statement(self, caller: Caller) -> AnySelect:
        """Contact of those for whom it is permitted."""
        return select(ContactRow).where(
            ContactRow.participant_id == IDS,
            contact_visible(caller, ContactRow.participant_id),
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, ContactRow]:
        """By participant."""
        return {row.participant_id: row for (row,) in rows}


class DemographicsLoader(BatchLoader[DemographicsRow]):
    """Demographics, by participant."""

    def statement(self, caller: Caller) -> AnySelect:
        """Demographics of those for whom they are permitted."""
        return select(DemographicsRow).where(
            DemographicsRow.participant_id == IDS,
            visible(caller, Category.DEMOGRAPHICS, DemographicsRow.participant_id, is_single=True),
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, DemographicsRow]:
        """By participant."""
        return {row.participant_id: row for (row,) in rows}


class StaffNames:
    """Names of members of staff by account, in one statement for all that are asked for."""

    def __init__(self, context: RequestContext) -> None:
        self._context = context
        self._loader: DataLoader[str, str | None] = DataLoader(load_fn=self._load)

    async def of(self, account_id: str) -> str | None:
        """Return the display name of an account, or None when it is not known here."""
        return await self._loader.load(account_id)

    async def _load(self, account_ids: list[str]) -> list[str | None]:
        async with self._context.reading() as session:
            found = await session.scalars(
                select(StaffNameRow).where(StaffNameRow.account_id.in_(account_ids))
            )
            names = {row.account_id: row.display_name for row in found}
        return [names.get(each) for each in account_ids]


async def writable(
    session: WriteSession, caller: Caller, category: Category, participant_id: UUID
) -> bool:
    """Return whether the caller may write this category about this participant now.

    Locks the participant, so that writers about one person take turns.
    """
    found = await session.scalar(
        select(ParticipantRow.id)
        .where(
            ParticipantRow.id == participant_id,
            may_write(caller, category, ParticipantRow.id, is_single=True),
        )
        .with_for_update(of=ParticipantRow, key_share=True)
    )
    return found is not None


async def take_turn(session: WriteSession, participant_id: UUID) -> None:
    """Lock a participant about whom the caller may write; the right was checked before."""
    await session.scalar(
        select(ParticipantRow.id)
        .where(ParticipantRow.id == participant_id)
        .with_for_update(key_share=True)
    )


async def identified(
    session: AnySession, caller: Caller, participant_id: UUID
) -> ParticipantRow | None:
    """Return a participant of whom the caller may know who it is."""
    row: ParticipantRow | None = await session.scalar(
        select(ParticipantRow).where(
            ParticipantRow.id == participant_id,
            visible(caller, Category.IDENTITY, ParticipantRow.id),
        )
    )
    return row


async def person_for_update(session: WriteSession, participant_id: UUID) -> ParticipantRow:
    """Return the person's row, locked; the caller's right was checked by ``writable`` before."""
    row: ParticipantRow = (
        await session.scalars(
            select(ParticipantRow)
            .where(ParticipantRow.id == participant_id)
            .with_for_update(key_share=True)
        )
    ).one()
    return row


async def aliases_of(session: WriteSession, participant_id: UUID) -> Sequence[AliasRow]:
    """Return a person's aliases, to be replaced; the right to the person's names was checked."""
    found = await session.scalars(
        select(AliasRow).where(AliasRow.participant_id == participant_id).order_by(AliasRow.name)
    )
    return found.all()


async def replace_aliases(
    session: WriteSession, participant_id: UUID, aliases: Iterable[AliasRow]
) -> None:
    """Put these aliases of a person in the place of those that there were."""
    await session.execute(delete(AliasRow).where(AliasRow.participant_id == participant_id))
    session.add_all(aliases)


async def contact_for_update(session: WriteSession, participant_id: UUID) -> ContactRow | None:
    """Return the contact row, locked; the caller's right was checked by ``writable`` before."""
    row: ContactRow | None = await session.scalar(
        select(ContactRow).where(ContactRow.participant_id == participant_id).with_for_update()
    )
    return row


async def demographics_for_update(
    session: WriteSession, participant_id: UUID
) -> DemographicsRow | None:
    """Return the demographics row, locked; the right was checked by ``writable`` before."""
    row: DemographicsRow | None = await session.scalar(
        select(DemographicsRow)
        .where(DemographicsRow.participant_id == participant_id)
        .with_for_update()
    )
    return row


async def keep_keys(
    session: WriteSession, participant_id: UUID, names: Iterable[str | None]
) -> None:
    """Keep the keys under which a person is found, as these names have them; more can be added."""
    wanted = keys_of(names)
    known = await session.scalars(
        select(PersonKeyRow.key).where(PersonKeyRow.participant_id == participant_id)
    )
    for key in sorted(wanted - set(known)):
        session.add(PersonKeyRow(participant_id=participant_id, key=key))


async def is_seeded(session: ReadSession, ids: Collection[UUID]) -> bool:
    """Return whether any of these participants is stored already."""
    found = await session.scalar(
        select(ParticipantRow.id).where(ParticipantRow.id.in_(ids)).limit(1)
    )
    return found is not None
